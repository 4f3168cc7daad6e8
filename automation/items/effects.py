"""Calls out of an item: events of the log that are copied to whoever performs them (design section 2).

Each dataclass declared here, or in another `*effects.py` of this folder, is an effect: its `CHANNEL` names who performs
it. Nothing else lists them: without a fold of its own an effect is awaited by its run (`evolve.py`), and without a
maker of its own its copy goes to `crm.effects` (`services/deal_stream/copies.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from automation.items.parts import Link, ProductRow
from automation.values import Money, Personal, Value


@dataclass(frozen=True, slots=True)
class NotificationRequested:
    """One notification to one employee; to `notifier`."""

    CHANNEL: ClassVar[str] = "notification"
    effect_id: str
    run_id: str
    recipient: str
    sender: str
    text: Personal
    link: str
    """Path of the item form."""


@dataclass(frozen=True, slots=True)
class ClientEmailRequested:
    """One e-mail to the client; to `notifier`."""

    CHANNEL: ClassVar[str] = "client_email"
    effect_id: str
    run_id: str
    to: Personal
    sender: str
    """Sending address."""
    subject: Personal
    text: Personal
    text_type: str
    """`bbcode` or `html`."""
    track_clicks: bool
    attachments: tuple[str, ...] = ()
    """Ids of files."""


@dataclass(frozen=True, slots=True)
class PaymentRequested:
    """A payment document and its link are asked for; to `payment_tracker` on the payable's key."""

    CHANNEL: ClassVar[str] = "payment"
    effect_id: str
    run_id: str
    payable: str
    """Kafka key of the payable: the order's, or the item's own."""
    order_id: str
    amount: Money
    """What to pay; for an order `Money(0, "")`: its outstanding amount."""
    rows: tuple[ProductRow, ...]
    title: Personal
    document_exists: bool = False
    """The item has another payment document: after the order's own checks this refuses the request (spec 6.8)."""


@dataclass(frozen=True, slots=True)
class ItemAsked:
    """Another item or aggregate is asked to answer or to do something; to its own key in `crm.changes`."""

    CHANNEL: ClassVar[str] = "item"
    effect_id: str
    run_id: str
    target: str
    """Kafka key of the item asked."""
    question: str
    """What is asked, a closed set: `contact_point` (reads addresses), `invoice_paid` (a fact), `link`…"""
    args: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ItemAnswered:
    """This item answers another one's question; to `reply_to` in `crm.changes`."""

    CHANNEL: ClassVar[str] = "answer"
    effect_id: str
    run_id: str
    reply_to: str
    """Kafka key of the item that asked."""
    status: str
    reason: str
    results: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class CreationRequested:
    """A new item is asked for; to its own key in `crm.changes`, whose id is derived from the effect's."""

    CHANNEL: ClassVar[str] = "creation"
    effect_id: str
    run_id: str
    target: str
    """Kafka key of the new item."""
    fields: Mapping[str, Value]
    pipeline: str = ""
    """Empty for the default one."""
    stage: str = ""
    """Empty for the first one."""
    responsible: str = ""
    observers: tuple[str, ...] = ()
    rows: tuple[ProductRow, ...] = ()
    links: tuple[Link, ...] = ()
    repeat: bool = False
    """The new lead is a repeat one (spec 4.22)."""
