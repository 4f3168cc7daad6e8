"""What events, changes and states of an item are made of."""

from __future__ import annotations

from dataclasses import dataclass

from automation.envelope import ItemType
from automation.values import Money, Value


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
