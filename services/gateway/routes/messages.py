"""Messages that recording channels kept instead of sending them (spec 1.15)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway.access import caller_of
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.show import answer

ROUTER = APIRouter(tags=["messages"])


@ROUTER.get("/v1/messages", **needs("read"))
async def messages(request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
    """List recorded e-mails and other messages, newest first."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    return answer({"messages": await asyncio.to_thread(ports.messages, tenant, limit)})
