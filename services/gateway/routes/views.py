"""Live views: numbers that people watch."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.show import answer

ROUTER = APIRouter(tags=["views"])


@ROUTER.get("/v1/views/{name}", **needs("read"))
async def view(
    request: Request,
    name: Literal["stages", "minutes", "payments", "deliveries"],
    item_type: Annotated[str, Query(pattern=b.ITEM_TYPE_PATTERN)] = "deal",
    last: Annotated[int, Query(ge=1, le=1_440, description="Minutes, for the view `minutes`.")] = 60,
) -> Response:
    """Return a view: items and amounts per stage, outcomes per minute, payments, or deliveries."""
    query = {"stages": {"item_type": item_type}, "minutes": {"last": str(last)}}.get(name, {})
    return answer(await ports_of(request).views.read(caller_of(request).tenant, name, query))
