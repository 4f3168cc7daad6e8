"""What every route says of itself: the role that it needs and the body that it takes."""

from __future__ import annotations

from typing import Any

from services.gateway.access import Needs
from services.gateway.bodies import Body


def needs(role: Needs, body: type[Body] | type[bytes] | str | None = None) -> dict[str, Any]:
    """Return the arguments of a route: `x-role` is what `authorise` checks, a route without one is refused.

    Bodies are only named here. Routes read them after authorisation, with `json_body`, never by declaration: FastAPI
    would parse a declared body before anybody asked who sends it.
    """
    extra: dict[str, Any] = {"x-role": role}
    if role != "public":
        extra["security"] = [{"key": []}]
    if body is bytes:
        content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
        extra["requestBody"] = {"required": True, "content": content}
    elif body is not None:
        name = body if isinstance(body, str) else body.__name__
        schema = {"$ref": f"#/components/schemas/{name}"}
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"openapi_extra": extra}
