"""What arrives in `crm.payments`, keyed by payable (design section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from automation.items.parts import ProductRow
from automation.values import Moment, Money, Personal


@dataclass(frozen=True, slots=True)
class RegisterOrder:
    """A shop order was placed; `items` are Kafka keys of the items that it is linked to."""

    amount: Money
    items: tuple[str, ...]
    rows: tuple[ProductRow, ...] = ()
    """The order's products, for the page behind a payment link."""


@dataclass(frozen=True, slots=True)
class LinkOrder:
    """Link an item to the order."""

    item: str


@dataclass(frozen=True, slots=True)
class RequestPayment:
    """An item asks for a payment document (from `PaymentRequested`); signed."""

    effect_id: str
    run_id: str
    item: str
    order_id: str
    amount: Money
    rows: tuple[ProductRow, ...]
    title: Personal
    document_exists: bool = False
    """The item has another payment document: after the order's own checks this refuses the request (spec 6.8)."""


@dataclass(frozen=True, slots=True)
class ReadPayment:
    """An item asks about the newest payment of the order (from `PaymentReadRequested`); signed."""

    effect_id: str
    run_id: str
    item: str


@dataclass(frozen=True, slots=True)
class ProviderNotice:
    """A payment provider's verified webhook; `status` is `paid`, `failed` or `voided`."""

    provider: str
    notice_id: str
    payment_id: str
    status: str
    amount: Money
    paid_at: Moment
    body_digest: str = ""
    """Digest of what was signed: a known notice id with another one is refused and noted."""


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """An employee records by hand that a payment document was paid, or voids it."""

    payment_id: str
    status: str
    paid_at: Moment


PaymentChange: TypeAlias = RegisterOrder | LinkOrder | RequestPayment | ReadPayment | ProviderNotice | RecordPayment

SIGNED: tuple[type, ...] = (RequestPayment, ReadPayment, ProviderNotice)
"""Changes that only Stagewire's own services may send."""
