"""Answers an item that asks for a payment document and its link (spec 3.1.1, 4.33, 6.8)."""

from __future__ import annotations

from collections.abc import Callable

from automation.envelope import Key
from automation.payments.changes import ReadPayment, RequestPayment
from automation.payments.events import (
    PaymentDocumentCreated,
    PaymentDocumentReused,
    PaymentEvent,
    PaymentRead,
    PaymentRefused,
)
from automation.payments.ids import payment_id
from automation.payments.state import ORDER, Document, PayableState, newest, open_payment, outstanding, union
from automation.values import Money


def answer_request(
    state: PayableState, payable: Key, change: RequestPayment, link_for: Callable[[str], str]
) -> PaymentEvent:
    """Create the document, hand out the open one, or refuse with the reason code that applies first."""
    if made := _made_before(state, change):
        return _reused(change, *made)
    reusable = open_payment(state) if payable.item_type == ORDER else None
    if reason := _refusal(state, payable, change, reusable is not None):
        return PaymentRefused(change.effect_id, change.item, reason, change.run_id)
    return _reused(change, *reusable) if reusable else _created(state, payable, change, link_for)


def answer_question(state: PayableState, payable: Key, change: ReadPayment) -> PaymentEvent:
    """Tell of the newest payment of an order; only orders are asked about (spec 4.38)."""
    if payable.item_type != ORDER or not state.registered:
        return PaymentRefused(change.effect_id, change.item, "order_not_found", change.run_id)
    found = newest(state)
    if found is None:
        return PaymentRead(change.effect_id, change.item, change.run_id, "")
    id_, document = found
    paid = document.status == "paid"
    return PaymentRead(
        change.effect_id, change.item, change.run_id, id_, document.amount, paid, document.paid_at if paid else 0
    )


def _made_before(state: PayableState, change: RequestPayment) -> tuple[str, Document] | None:
    """Return what the same effect got earlier, unless it was voided meanwhile."""
    alive = ((id_, doc) for id_, doc in state.documents.items() if doc.status != "voided")
    return next((found for found in alive if found[1].effect_id == change.effect_id), None)


def _refusal(state: PayableState, payable: Key, change: RequestPayment, reusable: bool) -> str | None:
    """Return the first reason that applies, in the order of spec 6.8."""
    is_order = payable.item_type == ORDER
    if is_order and not state.registered:
        return "order_not_found"
    if is_order and state.amount.minor > 0 >= outstanding(state).minor:
        return "already_paid"
    if change.document_exists or (not is_order and _has_document(state)):
        return "payment_document_exists"
    if not reusable and _to_pay(state, payable, change).minor <= 0:
        return "nothing_to_pay"
    return None


def _has_document(state: PayableState) -> bool:
    return any(document.status != "voided" for document in state.documents.values())


def _to_pay(state: PayableState, payable: Key, change: RequestPayment) -> Money:
    return outstanding(state) if payable.item_type == ORDER else change.amount


def _reused(change: RequestPayment, id_: str, document: Document) -> PaymentDocumentReused:
    told = () if change.item in document.items else (change.item,)
    return PaymentDocumentReused(
        id_, change.item, change.effect_id, change.run_id, document.amount, document.link, told
    )


def _created(
    state: PayableState, payable: Key, change: RequestPayment, link_for: Callable[[str], str]
) -> PaymentDocumentCreated:
    id_ = payment_id(payable, change.effect_id, len(state.documents) + 1)
    return PaymentDocumentCreated(
        payment_id=id_,
        item=change.item,
        effect_id=change.effect_id,
        amount=_to_pay(state, payable, change),
        rows=change.rows or state.rows,
        title=change.title,
        link=link_for(id_),
        run_id=change.run_id,
        items=union((change.item,), state.items),
    )
