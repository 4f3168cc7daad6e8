"""What a payable's event tells the items concerned, through `crm.changes` (spec 2.2, 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from automation.envelope import Envelope, Key, Recorded, stable_id
from automation.items.changes import AskItem, ChangeFrame, ReportOutcome, ReportPayment
from automation.payments.events import (
    OrderLinked,
    OrderRegistered,
    PaymentDocumentCreated,
    PaymentDocumentPaid,
    PaymentDocumentReused,
    PaymentDocumentVoided,
    PaymentRead,
    PaymentRefused,
)
from automation.payments.state import ORDER
from automation.values import Value

SKIPPED = ("payment_document_exists",)
"""Reasons with which a request is skipped; with all others it failed (spec 3.1.1)."""


_OfDocument: TypeAlias = (
    PaymentDocumentCreated | PaymentDocumentReused | PaymentDocumentPaid | PaymentDocumentVoided | OrderLinked
)


ItemNews: TypeAlias = ReportPayment | ReportOutcome | AskItem


class ItemReport(NamedTuple):
    """A change for an item; its frame is not signed yet."""

    key: Key
    frame: ChangeFrame
    change: ItemNews


def outputs(recorded: Recorded) -> Sequence[ItemReport]:
    """Return the changes for items that follow from an event: the same ones, with the same ids, on every call.

    An item learns of a document before it gets the answer that carries its link.
    """
    envelope, event = recorded
    match event:
        case PaymentDocumentCreated() | PaymentDocumentReused():
            return [*_tell(envelope, event, event.items, "unpaid"), _answer(envelope, event.item, _done(event))]
        case PaymentDocumentPaid():
            return _tell(envelope, event, event.items, "paid")
        case PaymentDocumentVoided():
            return _tell(envelope, event, event.items, "voided")
        case OrderRegistered():
            return _link(envelope, event.new_items)
        case OrderLinked():
            paid_by = _tell(envelope, event, (event.item,), "unpaid") if event.payment_id else ()
            return [*_link(envelope, (event.item,)), *paid_by]
        case PaymentRead():
            return [_answer(envelope, event.item, _told(event))]
        case PaymentRefused():
            return [_answer(envelope, event.item, _refused(event))]
        case _:
            return ()


def _tell(envelope: Envelope, document: _OfDocument, items: Sequence[str], status: str) -> Sequence[ItemReport]:
    order_id = envelope.item_id if envelope.item_type == ORDER else ""
    told = ReportPayment(document.payment_id, order_id, status, document.amount, document.link)
    return [_report(envelope, "payment", item, told) for item in items]


def _link(envelope: Envelope, items: Sequence[str]) -> Sequence[ItemReport]:
    """Let items link the order: processes go through an item's orders before there is a payment (spec 4.33)."""
    args: dict[str, Value] = {"item_type": ORDER, "item_id": envelope.item_id, "relation": "order"}
    named = [(item, stable_id("fact", "link", envelope.event_id, item)) for item in items]
    return [_report(envelope, "link", item, AskItem(fact, "", "link", args, "")) for item, fact in named]


def _done(event: PaymentDocumentCreated | PaymentDocumentReused) -> ReportOutcome:
    results: dict[str, Value] = {
        "payment_link": event.link,
        "payment_id": event.payment_id,
        "payment_amount": event.amount,
    }
    return ReportOutcome(event.effect_id, event.run_id, "completed", "", results)


def _told(event: PaymentRead) -> ReportOutcome:
    """Return what is known of a payment; without one the results are empty."""
    at: dict[str, Value] = {"paid_at": event.paid_at} if event.paid else {}
    results: dict[str, Value] = {
        "payment_id": event.payment_id,
        "payment_sum": event.amount,
        "payment_currency": event.amount.currency,
        "is_paid": event.paid,
        **at,
    }
    return ReportOutcome(event.effect_id, event.run_id, "completed", "", results if event.payment_id else {})


def _refused(event: PaymentRefused) -> ReportOutcome:
    status = "skipped" if event.reason in SKIPPED else "failed"
    return ReportOutcome(event.effect_id, event.run_id, status, event.reason, {})


def _answer(envelope: Envelope, item: str, outcome: ReportOutcome) -> ItemReport:
    return _report(envelope, "outcome", item, outcome)


def _report(envelope: Envelope, kind: str, item: str, change: ItemNews) -> ItemReport:
    key = Key.parse(item)
    frame = ChangeFrame(
        change_id=stable_id(kind, envelope.event_id, item),
        tenant=key.tenant,
        item_type=key.item_type,
        item_id=key.item_id,
        occurred_at=envelope.occurred_at,
        source="app",
        actor=envelope.actor,
        source_seq=0,
        cause_id=envelope.event_id,
        root_id=envelope.root_id,
        depth=envelope.depth,
        definitions_version=0,
        signature=b"",
    )
    return ItemReport(key, frame, change)
