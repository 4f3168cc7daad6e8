"""The calendar of an employee: what is planned on all items, and booked (spec 4.41, 4.42)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from automation.envelope import CRM_ALL
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.asking import ask
from services.gateway.operations import needs
from services.gateway.ports import Ports, ports_of
from services.gateway.problems import Problem
from services.gateway.show import answer

ROUTER = APIRouter(tags=["items"])

Moment = Annotated[int, Query(ge=0, le=b.MAX_MOMENT, description="Milliseconds since the epoch.")]


@ROUTER.get("/v1/calendar", **needs("read"))
async def calendar(
    request: Request, user: Annotated[str, Query(min_length=1, max_length=200)], since: Moment, until: Moment
) -> Response:
    """Return the activities and bookings of an employee that begin from `since` up to `until`."""
    tenant, types = caller_of(request).tenant, _types(ports_of(request), caller_of(request).tenant)
    try:
        found = await ask(request, lambda history: history.agenda(tenant, user, types, since, until))
    except ValueError as error:
        raise Problem(422, "invalid", f"until: {error}") from None
    booked = await ask(request, lambda history: history.bookings(tenant, user, since, until))
    return answer({"entries": [_shown(*one) for one in found], "bookings": [one._asdict() for one in booked]})


def _types(ports: Ports, tenant: str) -> list[str]:
    """Return the item types of a tenant: those that every one has, and those of its smart processes."""
    view = ports.shelf.book.tenant(tenant)
    own = {item_type for item_type, _ in view.pipelines} if view else set[str]()
    return sorted(own | set(CRM_ALL) - {"spa_item"})


def _shown(item_type: str, item_id: str, title: str, entry: Any) -> dict[str, Any]:
    return {"item_type": item_type, "item_id": item_id, "title": title, **entry._asdict()}
