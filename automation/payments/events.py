"""The events of a payable: an order, or an item with payment documents of its own (spec 1.13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from automation.items.parts import ProductRow
from automation.values import Moment, Money, Personal

NO_MONEY = Money(0, "")
"""Stands where an amount was not known or does not apply."""


@dataclass(frozen=True, slots=True)
class OrderRegistered:
    """A shop order is known, with what is to be paid and the items that it is linked to."""

    amount: Money
    items: tuple[str, ...]
    """Kafka keys of the linked items."""
    rows: tuple[ProductRow, ...] = ()
    new_items: tuple[str, ...] = ()
    """Those of them that were not linked before: they are told."""


@dataclass(frozen=True, slots=True)
class OrderLinked:
    """An item was linked to the order; the open payment, if there is one, travels along for it."""

    item: str
    payment_id: str = ""
    amount: Money = NO_MONEY
    link: str = ""


@dataclass(frozen=True, slots=True)
class PaymentDocumentCreated:
    """A payment document and its unguessable link exist; unpaid."""

    payment_id: str
    item: str
    """Kafka key of the item that asked."""
    effect_id: str
    amount: Money
    rows: tuple[ProductRow, ...]
    title: Personal
    link: str
    run_id: str = ""
    items: tuple[str, ...] = ()
    """Kafka keys of all items that are told: the one that asked and those linked to the order."""


@dataclass(frozen=True, slots=True)
class PaymentDocumentReused:
    """An item asked for a payment and got the open one with its link (spec 4.33)."""

    payment_id: str
    item: str
    effect_id: str
    run_id: str
    amount: Money
    link: str
    items: tuple[str, ...] = ()
    """The item that asked, if it had not been told of this payment before."""


@dataclass(frozen=True, slots=True)
class PaymentDocumentPaid:
    """The payment document is paid, online or recorded by hand."""

    payment_id: str
    amount: Money
    provider: str
    """`manual` where an employee recorded it."""
    notice_id: str
    paid_at: Moment
    body_digest: str = ""
    items: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class PaymentDocumentVoided:
    """The payment document counts as absent from now on."""

    payment_id: str
    reason: str
    """`provider` or `manual`: who voided it."""
    amount: Money = NO_MONEY
    provider: str = ""
    notice_id: str = ""
    body_digest: str = ""
    items: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class PaymentRefused:
    """A payment document was asked for and not made: `reason` is a reason code of spec 3.1.1."""

    effect_id: str
    item: str
    reason: str
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class PaymentRead:
    """An item asked about the newest payment of the order, and is told of it."""

    effect_id: str
    item: str
    run_id: str
    payment_id: str
    """Empty where the order has none, or voided ones alone."""
    amount: Money = NO_MONEY
    paid: bool = False
    paid_at: Moment = 0


@dataclass(frozen=True, slots=True)
class NoticeIgnored:
    """A notice of a provider had no effect.

    `reason` is `duplicate`, `body_differs` (a known notice id with another body), `unknown_payment`, `already_paid`,
    `voided`, `amount_differs`, `attempt_failed` or `unknown_status`.
    """

    provider: str
    notice_id: str
    payment_id: str
    reason: str
    body_digest: str = ""


@dataclass(frozen=True, slots=True)
class PaymentChangeSeen:
    """A change was handled and changed nothing, so that its repeat changes nothing later.

    `reason` is `no_change`, `not_an_order`, `unknown_payment`, `already_paid`, `voided` or `unknown_status`.
    """

    reason: str


PaymentEvent: TypeAlias = (
    OrderRegistered | OrderLinked | PaymentDocumentCreated | PaymentDocumentReused | PaymentDocumentPaid
    | PaymentDocumentVoided | PaymentRefused | PaymentRead | NoticeIgnored | PaymentChangeSeen
)  # fmt: skip
