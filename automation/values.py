"""The values that fields, results and parameters hold (spec 1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Personal:
    """A text about a person (name, e-mail, phone, address), or one rendered from such a text.

    It travels in an Avro type of its own, so that it can be sealed with a key per person later.
    """

    text: str


Value: TypeAlias = bool | int | float | str | Money | Personal | tuple[str, ...] | None
"""What one field holds: `date` is ISO 8601 text, `datetime` milliseconds since the epoch, `user`, `file` and
item links are ids, a multiple field is a tuple of texts, an unset one is `None`."""

FieldType: TypeAlias = Literal[
    "string",
    "text",
    "int",
    "number",
    "money",
    "bool",
    "date",
    "datetime",
    "user",
    "list",
    "file",
    "item",
    "resource_booking",
]
"""The types of spec 1.8; `item` is an item link, `list` one or more texts of a closed set.

A field of `resource_booking` holds the ids of bookings made in it (spec 4.42).
"""

Moment: TypeAlias = int
"""Milliseconds since the epoch, UTC."""


def plain(value: Value) -> Value:
    """Return the value without its personal mark: what conditions compare and texts show."""
    return value.text if isinstance(value, Personal) else value


def is_empty(value: Value) -> bool:
    """Say whether a field holding this value counts as unset (spec 1.6)."""
    return value is None or value in ("", ()) or (isinstance(value, Personal) and not value.text)
