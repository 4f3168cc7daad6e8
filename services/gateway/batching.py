"""The common end of routes that begin a batch."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.responses import Response

from services.gateway.access import caller_of
from services.gateway.batches import Batch, shown
from services.gateway.idempotency import once
from services.gateway.ports import ports_of
from services.gateway.problems import Problem, not_found
from services.gateway.show import answer
from services.gateway.worklist import RunningError


async def begin(request: Request, make: Callable[[str], Awaitable[tuple[Batch, list[str]]]]) -> Response:
    """Keep the batch that `make` returns for who asks, with what is on it; a repeat has the same answer."""
    caller, ports = caller_of(request), ports_of(request)

    async def work() -> Response:
        made, targets = await make(caller.name)
        named = made._replace(id=uuid.uuid4().hex)
        try:
            await asyncio.to_thread(ports.batches.add, named, targets)
        except RunningError as error:
            raise Problem(409, "batch_running", "wait for the tenant's batch, or cancel it") from error
        return await find(request, named.id, 202)

    return await once(ports.answers, request, caller.tenant, work)


async def find(request: Request, batch_id: str, status: int = 200) -> Response:
    """Return a batch of the caller's tenant; raises `Problem` (404)."""
    found = await asyncio.to_thread(ports_of(request).batches.find, caller_of(request).tenant, batch_id)
    if found is None:
        raise not_found("batch")
    return answer(shown(found), status)
