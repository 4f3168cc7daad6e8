"""The OpenAPI document of this API."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.openapi import document
from services.gateway.operations import needs
from services.gateway.show import answer

ROUTER = APIRouter(tags=["document"])


@ROUTER.get("/v1/openapi.json", **needs("read"))
async def openapi_document(request: Request) -> Response:
    """Return this document."""
    return answer(document(request.app))
