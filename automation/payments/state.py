"""What a payable remembers: an order, or an item with payment documents of its own (spec 1.13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from automation.items.parts import ProductRow
from automation.payments.events import NO_MONEY
from automation.seen import WIDTH, digest, position
from automation.values import Moment, Money

ORDER = "order"
"""The type of a payable that is a shop order; every other one is an item."""


class Document(NamedTuple):
    """A payment document; `status` is `unpaid`, `paid` or `voided`, and a voided one counts as absent."""

    status: str
    amount: Money
    items: tuple[str, ...]
    """Kafka keys of the items that are told of its states."""
    effect_id: str
    link: str
    paid_at: Moment = 0


class PayableState(NamedTuple):
    """The fold of a payable's events: only what a later decision can read."""

    key: str = ""
    version: int = 0
    last_recorded_at: Moment = 0
    registered: bool = False
    """The order is known; an order may be linked or asked about before that."""
    amount: Money = NO_MONEY
    items: tuple[str, ...] = ()
    rows: tuple[ProductRow, ...] = ()
    """The order's products, which a new payment document takes over."""
    documents: Mapping[str, Document] = {}
    changes: bytes = b""
    """Digests of the last 1,000 change ids, 16 bytes each, oldest first."""
    notices: bytes = b""
    """Digest of notice id and digest of its body for the last 1,000 notices, 32 bytes each, oldest first."""

    def has_seen(self, change_id: str) -> bool:
        """Say whether this change was handled before."""
        return position(self.changes, digest(change_id)) >= 0

    def body_of(self, provider: str, notice_id: str) -> bytes | None:
        """Return the digest of the body that a known notice had, `None` for a new notice."""
        at = position(self.notices, notice_digest(provider, notice_id), 2 * WIDTH)
        return None if at < 0 else self.notices[at + WIDTH : at + 2 * WIDTH]


def initial() -> PayableState:
    """Return the state of a payable without events."""
    return PayableState()


def notice_digest(provider: str, notice_id: str) -> bytes:
    """Return the 16 bytes that stand for a notice of a provider."""
    return digest(f"{provider}\x1f{notice_id}")


def notice_entry(provider: str, notice_id: str, body_digest: str) -> bytes:
    """Return what is remembered of a notice: its id and its body."""
    return notice_digest(provider, notice_id) + digest(body_digest)


def open_payment(state: PayableState) -> tuple[str, Document] | None:
    """Return the unpaid payment document; there is one at most (spec 4.33)."""
    return next(((id_, doc) for id_, doc in state.documents.items() if doc.status == "unpaid"), None)


def newest(state: PayableState) -> tuple[str, Document] | None:
    """Return the newest payment document that is not voided (spec 4.38)."""
    alive = [(id_, doc) for id_, doc in state.documents.items() if doc.status != "voided"]
    return alive[-1] if alive else None


def outstanding(state: PayableState) -> Money:
    """Return what of an order is not paid yet; payments in another currency do not count."""
    paid = sum(
        doc.amount.minor
        for doc in state.documents.values()
        if doc.status == "paid" and doc.amount.currency == state.amount.currency
    )
    return Money(state.amount.minor - paid, state.amount.currency)


def union(items: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Return both without repeats, in order of their first appearance."""
    return tuple(dict.fromkeys((*items, *more)))
