"""Folds the events of a payable; what it makes of a released event never changes (design section 2)."""

from __future__ import annotations

from automation.envelope import Recorded
from automation.payments.events import (
    NoticeIgnored,
    OrderLinked,
    OrderRegistered,
    PaymentDocumentCreated,
    PaymentDocumentPaid,
    PaymentDocumentReused,
    PaymentDocumentVoided,
    PaymentEvent,
)
from automation.payments.state import Document, PayableState, notice_entry, union
from automation.seen import digest, remember

FOLD_VERSION = 2
"""Raised when `evolve` or the shape of the state changes."""


def evolve(state: PayableState, recorded: Recorded) -> PayableState:
    """Fold one event of the payable's log."""
    envelope, event = recorded
    return _noticed(_fold(state, event), event)._replace(
        key=envelope.key.text,
        version=envelope.version,
        last_recorded_at=envelope.recorded_at,
        changes=remember(state.changes, digest(envelope.change_id)),
    )


def _fold(state: PayableState, event: PaymentEvent) -> PayableState:
    match event:
        case OrderRegistered():
            items = union(state.items, event.items)
            return state._replace(registered=True, amount=event.amount, items=items, rows=event.rows)
        case OrderLinked():
            return _linked(state, event)
        case PaymentDocumentCreated():
            document = Document("unpaid", event.amount, event.items, event.effect_id, event.link)
            return _with(state, event.payment_id, document)
        case PaymentDocumentReused():
            return _told(state, event.payment_id, event.items)
        case PaymentDocumentPaid():
            return _with_status(state, event.payment_id, "paid", event.paid_at)
        case PaymentDocumentVoided():
            return _with_status(state, event.payment_id, "voided")
        case _:
            return state


def _with(state: PayableState, payment_id: str, document: Document) -> PayableState:
    return state._replace(documents={**state.documents, payment_id: document})


def _with_status(state: PayableState, payment_id: str, status: str, paid_at: int = 0) -> PayableState:
    return _with(state, payment_id, state.documents[payment_id]._replace(status=status, paid_at=paid_at))


def _told(state: PayableState, payment_id: str, items: tuple[str, ...]) -> PayableState:
    document = state.documents[payment_id]
    return _with(state, payment_id, document._replace(items=union(document.items, items)))


def _linked(state: PayableState, event: OrderLinked) -> PayableState:
    """Tell a newly linked item of what happens to every payment from now on, of paid ones too (they may be voided)."""
    linked = state._replace(items=union(state.items, (event.item,)))
    for payment_id in state.documents:
        linked = _told(linked, payment_id, (event.item,))
    return linked


def _noticed(state: PayableState, event: PaymentEvent) -> PayableState:
    """Remember a provider's notice; the first body of a notice id stays the one that counts."""
    if not isinstance(event, PaymentDocumentPaid | PaymentDocumentVoided | NoticeIgnored) or not event.notice_id:
        return state
    if state.body_of(event.provider, event.notice_id) is not None:
        return state
    entry = notice_entry(event.provider, event.notice_id, event.body_digest)
    return state._replace(notices=remember(state.notices, entry))
