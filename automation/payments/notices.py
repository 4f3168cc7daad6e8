"""Turns notices of providers and records by hand into states of payment documents (spec 1.13, 2.2).

A document goes from `unpaid` to `paid` or `voided`, and from `paid` to `voided` (money given back), never back. So the
order in which notices arrive does not change where it ends, and it becomes paid once at most.
"""

from __future__ import annotations

from automation.payments.changes import ProviderNotice, RecordPayment
from automation.payments.events import (
    NoticeIgnored,
    PaymentChangeSeen,
    PaymentDocumentPaid,
    PaymentDocumentVoided,
    PaymentEvent,
)
from automation.payments.state import Document, PayableState
from automation.seen import digest
from automation.values import Moment

MANUAL = "manual"
"""Stands as the provider where an employee recorded the payment."""


def answer_notice(state: PayableState, notice: ProviderNotice) -> PaymentEvent:
    """Decide on a verified notice; one without effect is recorded with the reason."""
    document = state.documents.get(notice.payment_id)
    reason = _repeat(state, notice) or _obstacle(document, notice.status) or _mismatch(document, notice)
    if reason or document is None:
        return NoticeIgnored(notice.provider, notice.notice_id, notice.payment_id, reason or "", notice.body_digest)
    if notice.status == "paid":
        return _paid(notice, document)
    return PaymentDocumentVoided(
        payment_id=notice.payment_id,
        reason="provider",
        amount=document.amount,
        provider=notice.provider,
        notice_id=notice.notice_id,
        body_digest=notice.body_digest,
        items=document.items,
        link=document.link,
    )


def record_by_hand(state: PayableState, change: RecordPayment, now: Moment) -> PaymentEvent:
    """Decide on what an employee recorded."""
    document = state.documents.get(change.payment_id)
    if (reason := _obstacle(document, change.status)) or document is None:
        return PaymentChangeSeen(reason or "")
    if change.status == "paid":
        return PaymentDocumentPaid(
            payment_id=change.payment_id,
            amount=document.amount,
            provider=MANUAL,
            notice_id="",
            paid_at=change.paid_at or now,
            items=document.items,
            link=document.link,
        )
    return PaymentDocumentVoided(
        change.payment_id, MANUAL, document.amount, MANUAL, items=document.items, link=document.link
    )


def _paid(notice: ProviderNotice, document: Document) -> PaymentDocumentPaid:
    return PaymentDocumentPaid(
        payment_id=notice.payment_id,
        amount=document.amount,
        provider=notice.provider,
        notice_id=notice.notice_id,
        paid_at=notice.paid_at,
        body_digest=notice.body_digest,
        items=document.items,
        link=document.link,
    )


def _repeat(state: PayableState, notice: ProviderNotice) -> str | None:
    known = state.body_of(notice.provider, notice.notice_id)
    if known is None:
        return None
    return "duplicate" if known == digest(notice.body_digest) else "body_differs"


def _obstacle(document: Document | None, status: str) -> str | None:
    """Say why a document does not take this status."""
    if document is None:
        return "unknown_payment"
    if document.status == "voided":
        return "voided"
    if document.status == "paid" and status != "voided":
        return "already_paid"
    if status == "failed":
        return "attempt_failed"
    return None if status in ("paid", "voided") else "unknown_status"


def _mismatch(document: Document | None, notice: ProviderNotice) -> str | None:
    return "amount_differs" if document and document.amount != notice.amount else None
