"""The events of a payable: an order, or an item with payment documents of its own (spec 1.13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from automation.items.events import ProductRow
from automation.values import Moment, Money, Personal


@dataclass(frozen=True, slots=True)
class OrderRegistered:
    """A shop order is known, with what is to be paid and the items that it is linked to."""

    amount: Money
    items: tuple[str, ...]
    """Kafka keys of the linked items."""


@dataclass(frozen=True, slots=True)
class OrderLinked:
    """An item was linked to the order."""

    item: str


@dataclass(frozen=True, slots=True)
class PaymentDocumentCreated:
    """A payment document and its unguessable link exist; unpaid."""

    payment_id: str
    item: str
    """Kafka key of the item that asked; for an order's payments of the first linked item."""
    effect_id: str
    amount: Money
    rows: tuple[ProductRow, ...]
    title: Personal
    link: str


@dataclass(frozen=True, slots=True)
class PaymentDocumentPaid:
    """The payment document is paid, online or recorded by hand."""

    payment_id: str
    amount: Money
    provider: str
    notice_id: str
    paid_at: Moment


@dataclass(frozen=True, slots=True)
class PaymentDocumentVoided:
    """The payment document counts as absent from now on."""

    payment_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PaymentRefused:
    """A payment document was asked for and not made: `reason` is a reason code of spec 3.1.1."""

    effect_id: str
    item: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeIgnored:
    """A notice of a provider had no effect: `reason` is `duplicate`, `unknown_payment`, `voided`, `amount_differs`…"""

    provider: str
    notice_id: str
    payment_id: str
    reason: str


PaymentEvent: TypeAlias = (
    OrderRegistered | OrderLinked | PaymentDocumentCreated | PaymentDocumentPaid | PaymentDocumentVoided
    | PaymentRefused | NoticeIgnored
)  # fmt: skip
