"""Payments recorded by hand (spec 1.13)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from automation.payments.changes import RecordPayment
from automation.payments.ids import MAX_LENGTH
from automation.payments.page import Page
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.idempotency import once
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.payables import send_to_payable
from services.gateway.ports import ports_of
from services.gateway.problems import not_found
from services.gateway.show import answer

ROUTER = APIRouter(prefix="/v1/payments", tags=["payments"])

PaymentId = Annotated[str, Path(max_length=MAX_LENGTH)]


@ROUTER.get("/{payment_id}", **needs("read"))
async def payment(request: Request, payment_id: PaymentId) -> Response:
    """Return a payment document: amount, products, state and link."""
    page = _own(request, payment_id)
    shown = {name: value for name, value in page._asdict().items() if name != "payable"}
    return answer({**shown, "payable": {"type": page.payable.item_type, "id": page.payable.item_id}})


@ROUTER.post("/{payment_id}", status_code=202, **needs("pay", b.PaymentBody))
async def record_payment(request: Request, payment_id: PaymentId) -> Response:
    """Record that a payment document was paid outside of any provider, or void it."""
    caller, ports = caller_of(request), ports_of(request)

    async def work() -> Response:
        body = checked_as(b.PaymentBody, await read_json(request))
        key = _own(request, payment_id).payable
        paid_at = ports.clock.now() if body.paid_at is None else body.paid_at
        change = RecordPayment(payment_id, body.status, paid_at)
        change_id = await send_to_payable(request, key, change, paid_at, body.user)
        return answer({"change_id": change_id, "status": "taken"}, HTTPStatus.ACCEPTED)

    return await once(ports.answers, request, caller.tenant, work)


def _own(request: Request, payment_id: str) -> Page:
    """Return the page of a payment of the caller's tenant; another tenant's looks like none."""
    page = ports_of(request).pages.of_payment(payment_id)
    if page is None or page.payable.tenant != caller_of(request).tenant:
        raise not_found("payment")
    return page
