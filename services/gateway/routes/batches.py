"""Batches of starts and decisions: how far each has got."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.batches import shown
from services.gateway.batching import find
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.show import answer

ROUTER = APIRouter(prefix="/v1/batches", tags=["processes"])

IdInPath = Annotated[b.Id, Path()]


@ROUTER.get("", **needs("read"))
async def batches(request: Request) -> Response:
    """List the last batches, newest first; `sent` of `total` have been asked for."""
    found = await asyncio.to_thread(ports_of(request).batches.listed, caller_of(request).tenant)
    return answer({"batches": [shown(one) for one in found]})


@ROUTER.get("/{batch_id}", **needs("read"))
async def batch(request: Request, batch_id: IdInPath) -> Response:
    """Return one batch."""
    return await find(request, batch_id)


@ROUTER.delete("/{batch_id}", **needs("define"))
async def cancel_batch(request: Request, batch_id: IdInPath) -> Response:
    """Take no more of a batch; what was asked for goes on."""
    await asyncio.to_thread(ports_of(request).batches.cancel, caller_of(request).tenant, batch_id)
    return await find(request, batch_id)
