"""Field values from text, as people and spreadsheets write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from automation.dates import moment_of
from automation.money import amount_text, minor_digits
from automation.values import FieldType, Money, Value

_MONEY = re.compile(r"([A-Z]{3})?\s*([-+]?[0-9.,'\s\u00a0\u202f]+)\s*([A-Z]{3})?")
_BOOLS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
_LARGEST = 2**63


class Style(NamedTuple):
    """How a source writes numbers and days; a day format is that of `strptime`, empty for ISO 8601."""

    currency: str = "EUR"
    """Of amounts that name none."""
    decimal: str = "."
    zone: tzinfo = UTC
    day_format: str = ""


PLAIN = Style()


def from_text(text: str, type_: FieldType, style: Style = PLAIN) -> Value:
    """Return the value that a text stands for, `None` for an empty one; raises `ValueError` saying what is expected."""
    text = text.strip()
    return _READERS.get(type_, _text)(text, style) if text else None


def _text(text: str, style: Style) -> Value:
    return text


def _number_text(text: str, style: Style) -> Decimal:
    grouping = "," if style.decimal == "." else "."
    bare = re.sub(rf"[{re.escape(grouping)}'\s]", "", text).replace(style.decimal, ".")
    try:
        found = Decimal(bare)
    except InvalidOperation:
        raise ValueError(f"{text[:40]!r} is not a number") from None
    if not found.is_finite() or abs(found) >= _LARGEST:
        raise ValueError(f"{text[:40]!r} is not a number of this size")
    return found


def _int(text: str, style: Style) -> Value:
    found = _number_text(text, style)
    if found != found.to_integral_value():
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return int(found)


def _number(text: str, style: Style) -> Value:
    found = _number_text(text, style)
    return int(found) if found == found.to_integral_value() else float(found)


def _money(text: str, style: Style) -> Value:
    match = _MONEY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an amount such as 1234.50 EUR")
    currency = match[1] or match[3] or style.currency
    minor = _number_text(match[2], style).scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{text[:40]!r} has more decimals than {currency}")
    if abs(minor) >= _LARGEST:
        raise ValueError(f"{text[:40]!r} is too large an amount")
    return Money(int(minor), currency)


def _bool(text: str, style: Style) -> Value:
    found = _BOOLS.get(text.lower())
    if found is None:
        raise ValueError(f"{text[:40]!r} is neither yes nor no")
    return found


def _clock(text: str, style: Style) -> datetime:
    try:
        # Without an offset of its own a time gets the style's zone below.
        found = datetime.strptime(text, style.day_format) if style.day_format else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        form = (
            f"date of the form {style.day_format}"
            if style.day_format
            else "time such as 2026-03-31 or 2026-03-31T14:30"
        )
        raise ValueError(f"{text[:40]!r} is no {form}") from None
    return found if found.tzinfo else found.replace(tzinfo=style.zone)


def _date(text: str, style: Style) -> Value:
    if not style.day_format:
        try:
            return date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            raise ValueError(f"{text[:40]!r} is no day such as 2026-03-31") from None
    return _clock(text, style).date().isoformat()


def moment(text: str, style: Style = PLAIN) -> int:
    """Return the moment of a day or a time; a day begins at midnight in the style's zone."""
    found = moment_of(_clock(text.strip(), style))
    if found is None:
        raise ValueError(f"{text[:40]!r} is outside the calendar")
    return found


def _list(text: str, style: Style) -> Value:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_READERS: Mapping[FieldType, Callable[[str, Style], Value]] = {
    "int": _int, "number": _number, "money": _money, "bool": _bool, "date": _date, "datetime": moment,
}  # fmt: skip


def several(text: str, type_: FieldType, style: Style = PLAIN) -> Value:
    """Return the values of a multiple field, separated by commas."""
    return _list(text, style) or None


def money_text(money: Money) -> str:
    """Return an amount as people read it: `1,234.50 EUR`."""
    whole, point, part = amount_text(money).lstrip("-").partition(".")
    return f"{'-' if money.minor < 0 else ''}{int(whole):,}{point}{part} {money.currency}"
