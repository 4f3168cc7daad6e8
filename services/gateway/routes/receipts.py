"""What providers report of messages that they took: signed, to the address that each message was sent with."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from automation.definitions.models import Connection
from services.gateway.operations import needs
from services.gateway.ports import Ports, ports_of
from services.gateway.problems import Problem, not_found
from services.notifier.catalogue import load_providers
from services.notifier.connected import callback_url
from services.notifier.provider import Receipt, ReceiptRefusedError, Report

ROUTER = APIRouter(tags=["webhooks"])

Name = Annotated[str, Path(max_length=200)]


@ROUTER.post("/v1/webhooks/messages/{tenant}/{connection_id}/{message_id}", status_code=204, **needs("public"))
async def message_report(request: Request, tenant: Name, connection_id: Name, message_id: Name) -> Response:
    """Take a provider's signed report; 204 for repeats too, and for states on the way."""
    ports = ports_of(request)
    url = callback_url(ports.messaging.public_url, tenant, connection_id, message_id)
    headers = {name.lower(): value for name, value in request.headers.items()}
    report = Report(url, headers, await request.body(), ports.clock.now())
    receipt = _believed(ports, tenant, connection_id, report)
    if receipt is not None:
        await asyncio.to_thread(_note, ports, tenant, message_id, receipt)
    return Response(status_code=204)


def _believed(ports: Ports, tenant: str, connection_id: str, report: Report) -> Receipt | None:
    view = ports.shelf.book.tenant(tenant)
    found = view.current.get(("connection", connection_id)) if view else None
    entry = load_providers().get(found.provider) if isinstance(found, Connection) else None
    secret = ports.messaging.secrets.of(tenant, found.secret) if isinstance(found, Connection) else ""
    if entry is None or entry.receipt is None or not secret:
        raise not_found("webhook")
    try:
        return entry.receipt(report, secret)
    except ReceiptRefusedError as refused:
        raise Problem(401, refused.reason, "the report was not believed") from None


def _note(ports: Ports, tenant: str, message_id: str, receipt: Receipt) -> None:
    now = ports.clock.now()
    if not ports.messaging.receipts().put(tenant, message_id, receipt.fate, receipt.detail, now):
        raise not_found("message")
