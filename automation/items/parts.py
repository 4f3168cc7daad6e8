"""What events, changes and states of an item are made of."""

from __future__ import annotations

from dataclasses import dataclass

from automation.envelope import ItemType
from automation.values import Moment, Money, Personal, Value


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field with its value before and after."""

    code: str
    old: Value
    new: Value


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One row of products: quantity in thousandths, price of one piece in minor units."""

    product_id: str
    name: str
    quantity_milli: int
    price: Money


@dataclass(frozen=True, slots=True)
class Link:
    """A link from this item to another one."""

    item_type: ItemType
    item_id: str
    relation: str
    """`client`, `source`, `created`, `invoice`, `order` or `related`."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Work planned for an item: an activity, a call or a meeting."""

    activity_id: str
    kind: str
    """`activity`, `call` or `meeting`."""
    subject: Personal
    description: Personal
    start: Moment
    """0 for an activity, which has no time."""
    end: Moment
    place: Personal
    responsible: str
    important: bool
    complete_on_status_change: bool
    remind_at: Moment
    """0 for no reminder, or one that was sent when the activity was planned."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open task that automation made for an item: where the item stood when its rule or step began."""

    pipeline: str
    stage: str
