"""The catalogue of rules, triggers and actions, from which a console draws its forms (spec 1.17)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from automation.catalogue import Entry
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.show import answer

ROUTER = APIRouter(tags=["definitions"])


@ROUTER.get("/v1/catalogue", **needs("read"))
async def catalogue(request: Request) -> Response:
    """List all entries with the JSON schema of their parameters, their results and the item types they suit."""
    return answer({"entries": [_shown(entry) for _, entry in sorted(ports_of(request).catalogue.items())]})


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "group": entry.group,
        "title": entry.title,
        "description": entry.description,
        "spec": entry.spec,
        "item_types": entry.types,
        "parameters": entry.params.model_json_schema(),
        "results": entry.results,
        "payment": entry.payment,
    }
