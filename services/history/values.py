"""Field values as JSON: money and personal texts keep their kind, so that a reader gets back what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from automation.values import Money, Personal, Value


def to_json(fields: Mapping[str, Value]) -> str:
    """Write fields as JSON text: money `{"minor", "currency"}`, personal text `{"personal"}`, a list as an array."""
    return orjson.dumps(fields, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def from_json(text: str) -> dict[str, Value]:
    """Read what `to_json` wrote."""
    return {code: _value(found) for code, found in orjson.loads(text).items()}


def jsonable(value: Any) -> Any:
    """Return a value, or a mapping of values, as plain JSON types, kinds kept."""
    return orjson.loads(orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS))


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, Personal):
        return {"personal": value.text}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a field value")


def _value(found: Any) -> Value:
    if isinstance(found, dict):
        return Personal(found["personal"]) if "personal" in found else Money(found["minor"], found["currency"])
    return tuple(found) if isinstance(found, list) else found
