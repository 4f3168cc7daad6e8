"""Typed addresses of details records (spec 1.14)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.values import FieldType, Personal, Value, is_empty, plain

ADDRESS_TYPES = ("legal", "actual", "business", "other")
ADDRESS_PARTS = ("street", "street_2", "city", "district", "region", "postal_code", "country")
"""In the order in which they stand in one line."""
PART_PREFIX = "address_"
"""How the parts are named among the fields of a details record: which address is meant is a parameter of its own."""
PART_TYPES: Mapping[str, FieldType] = {f"{PART_PREFIX}{part}": "string" for part in ADDRESS_PARTS}


def place_of(address_type: str, part: str) -> str:
    """Return the name of an address part in a details record."""
    return f"{address_type}.{part}"


def place(code: str, address_type: str) -> str:
    """Return where a field of a row stands in a details record: `address_city` is the city of the address meant."""
    return place_of(address_type, code.removeprefix(PART_PREFIX)) if code in PART_TYPES else code


def is_place(name: str) -> bool:
    """Say whether a name in a details record is one of an address part."""
    address_type, dot, part = name.partition(".")
    return bool(dot) and address_type in ADDRESS_TYPES and part in ADDRESS_PARTS


def one_line(values: Mapping[str, Value], address_type: str) -> Value:
    """Return the address of a type in one line; None where no part is filled in."""
    parts = (values.get(place_of(address_type, part)) for part in ADDRESS_PARTS)
    line = ", ".join(str(plain(part)) for part in parts if not is_empty(part))
    return Personal(line) if line else None
