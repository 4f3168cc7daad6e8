"""Messages that leave: what became of them, and what recording channels kept instead (spec 1.15)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway.access import caller_of
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.show import answer, page_place
from services.notifier.sent import LAST
from services.notifier.sent import Query as SentQuery

ROUTER = APIRouter(tags=["messages"])


@ROUTER.get("/v1/messages", **needs("read"))
async def messages(request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
    """List recorded e-mails and other messages, newest first."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    return answer({"messages": await asyncio.to_thread(ports.messages, tenant, limit)})


@ROUTER.get("/v1/messages/sent", **needs("read"))
async def sent(
    request: Request,
    item: Annotated[
        str, Query(max_length=300, description="`<item type>/<item id>`; of a test `connection/<id>`.")
    ] = "",
    channel: Annotated[str, Query(max_length=50)] = "",
    state: Annotated[str, Query(pattern="^(queued|sending|sent|delivered|failed|unknown|dead|)$")] = "",
    before: Annotated[str, Query(max_length=300, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List effects of all channels, newest first: state, attempts, and the provider's own id."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    place = page_place(before) if before else LAST
    query = SentQuery(f"{tenant}/{item}" if item else "", channel, state, place, limit)
    found = await asyncio.to_thread(lambda: ports.messaging.sent().list(tenant, query))
    following = f"{found[-1].created_at}:{found[-1].effect_id}" if len(found) == limit else None
    return answer({"messages": found, "next": following})
