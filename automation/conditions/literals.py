"""Literal values in conditions: checked against the type that they are compared with (spec 1.8)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeAlias

from automation.conditions.model import MAX_TEXT
from automation.dates import moment_of, parse_day, parse_moment
from automation.values import FieldType, Money

Scalar: TypeAlias = str | int | float | bool | Money
_LARGEST = 2**63


class LiteralError(ValueError):
    """The literal is not of the type; the message says what would be."""


def is_int(value: object) -> bool:
    """Say whether a value is a whole number of 64 bits, and not a bool."""
    return type(value) is int and -_LARGEST <= value < _LARGEST


def is_text(value: object) -> bool:
    """Say whether a value is text that every writer can encode: no lone surrogates."""
    return type(value) is str and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _text(value: object) -> Scalar:
    if not isinstance(value, str) or not is_text(value):
        raise LiteralError("expected text")
    if not value:
        raise LiteralError("an empty text matches nothing: use the operator empty or not_empty")
    if len(value) > MAX_TEXT:
        raise LiteralError(f"expected a text of at most {MAX_TEXT} characters")
    return value


def _int(value: object) -> Scalar:
    if not isinstance(value, int) or not is_int(value):
        raise LiteralError("expected a whole number of 64 bits")
    return value


def _number(value: object) -> Scalar:
    if isinstance(value, float) and math.isfinite(value):
        return value
    if not isinstance(value, int) or not is_int(value):
        raise LiteralError("expected a finite number")
    return value


def _money(value: object) -> Scalar:
    expected = "expected an amount such as {minor: 1000000, currency: EUR}, in minor units"
    if not isinstance(value, Mapping) or set(value) != {"minor", "currency"}:
        raise LiteralError(expected)
    minor, currency = value["minor"], value["currency"]
    if not is_int(minor) or not is_currency(currency):
        raise LiteralError(expected)
    return Money(minor, currency)


def is_currency(value: object) -> bool:
    """Say whether a value has the form of an ISO 4217 code."""
    return isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()


def _bool(value: object) -> Scalar:
    if not isinstance(value, bool):
        raise LiteralError("expected true or false")
    return value


def _date(value: object) -> Scalar:
    if isinstance(value, str):
        value = parse_day(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise LiteralError("expected a day such as 2026-03-31")
    return value.isoformat()


def _datetime(value: object) -> Scalar:
    moment: object = value
    if isinstance(value, str):
        moment = parse_moment(value)
    elif isinstance(value, datetime) and value.tzinfo is not None:
        moment = moment_of(value)
    if not isinstance(moment, int) or not is_int(moment):
        raise LiteralError("expected milliseconds since 1970 or a time with its offset such as 2026-03-31T12:00:00Z")
    return moment


_READERS: dict[FieldType, Callable[[object], Scalar]] = {
    "int": _int, "number": _number, "money": _money, "bool": _bool, "date": _date, "datetime": _datetime,
}  # fmt: skip


def read_literal(value: object, type_: FieldType) -> Scalar:
    """Return a literal as the value it stands for; raises `LiteralError`."""
    return _READERS.get(type_, _text)(value)
