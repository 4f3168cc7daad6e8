"""The OpenAPI 3.1 document, drawn from the routes and the bodies; committed and compared by a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from services.gateway.bodies import Body

VERSION = "1"
_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "rule", "message"],
                "properties": {name: {"type": "string"} for name in ("path", "rule", "message", "pointer")},
            },
        },
    },
}
_PROBLEM_REPLY = {
    "description": "Anything else: a problem document.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document."""
    found = get_openapi(
        title="Stagewire", version=VERSION, openapi_version="3.1.0", routes=app.routes,
        description="Changes in, history out. Every path below `/v1` but webhooks takes `Authorization: Bearer <key>`.",
    )  # fmt: skip
    for operation in operations(found):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = _PROBLEM_REPLY
    schemas = {**_body_schemas(), "Problem": _PROBLEM}
    keys = {"key": {"type": "http", "scheme": "bearer", "description": "An API key; it belongs to one tenant."}}
    found["components"] = {"schemas": dict(sorted(schemas.items())), "securitySchemes": keys}
    return found


def operations(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every operation of a document."""
    for methods in found["paths"].values():
        yield from methods.values()


def text_of(app: FastAPI) -> str:
    """Return the document as it is committed."""
    return json.dumps(document(app), indent=2, ensure_ascii=False) + "\n"


def _body_schemas() -> dict[str, Any]:
    models = sorted(_bodies(Body), key=lambda model: model.__name__)
    _, found = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    for name, framed in (("ChangeBody", "OneChange"), ("RecordChangeBody", "OneRecordChange")):
        schemas[name] = schemas.pop(framed)["properties"]["change"]
    return schemas


def _bodies(base: type[Body]) -> Iterator[type[Body]]:
    for model in base.__subclasses__():
        yield model
        yield from _bodies(model)
