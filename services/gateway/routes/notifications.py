"""The employees' in-app notifications (spec 3.2.1)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.show import answer, page_place

ROUTER = APIRouter(prefix="/v1/notifications", tags=["notifications"])


@ROUTER.get("", **needs("read"))
async def notifications(
    request: Request,
    user: Annotated[b.Id, Query()],
    unread: bool = False,
    before: Annotated[str, Query(max_length=300, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List an employee's notifications, newest first, with the number of unread ones."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    place = {"before": page_place(before)} if before else {}

    def look() -> Any:
        inbox = ports.inbox()
        return inbox.list(tenant, user, unread_only=unread, most=limit, **place), inbox.unread(tenant, user)

    found, count = await asyncio.to_thread(look)
    following = f"{found[-1].created_at}:{found[-1].effect_id}" if len(found) == limit else None
    return answer({"notifications": found, "unread": count, "next": following})


@ROUTER.post("/read", **needs("write", b.ReadMarks))
async def mark_read(request: Request) -> Response:
    """Mark notifications of an employee as read; those of others, and unknown ones, stay as they are."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    marks = checked_as(b.ReadMarks, await read_json(request))
    now = ports.clock.now()
    count = await asyncio.to_thread(lambda: ports.inbox().mark_read(tenant, marks.user, marks.ids, now))
    return answer({"marked": count})
