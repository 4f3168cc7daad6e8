"""Webhooks of payment providers: raw bytes in, a quick answer out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.receiving import take_notice

ROUTER = APIRouter(tags=["webhooks"])

Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]


@ROUTER.post("/v1/webhooks/payments/{tenant}/{provider}", status_code=204, **needs("public"))
async def payment_webhook(request: Request, tenant: Name, provider: Name) -> Response:
    """Take a provider's signed notice; 204 for repeats too, and for notices about nothing of ours."""
    await take_notice(ports_of(request), tenant, provider, dict(request.headers), await request.body())
    return Response(status_code=204)
