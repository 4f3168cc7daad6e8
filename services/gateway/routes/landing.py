"""The page that whoever opens the API's address in a browser sees."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from services.gateway.html import HEADERS
from services.gateway.landing_page import render
from services.gateway.openapi import document
from services.gateway.operations import needs

ROUTER = APIRouter(tags=["document"])


@ROUTER.get("/", response_class=HTMLResponse, **needs("public"))
async def landing_page(request: Request) -> Response:
    """Say what this API is, how it is called, and list its operations."""
    base = str(request.base_url).rstrip("/")
    return HTMLResponse(render(_document(request), base), headers=dict(HEADERS))


def _document(request: Request) -> dict[str, object]:
    """Return the document, drawn once: strangers may ask for this page."""
    kept: dict[str, object] | None = getattr(request.app.state, "document", None)
    if kept is None:
        kept = request.app.state.document = document(request.app)
    return kept
