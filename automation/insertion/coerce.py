"""Inserted values brought to the type of the parameter they are put into (spec 1.9, 6.8)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import Enum
from typing import Literal, TypeAlias

from automation.conditions.literals import is_currency, is_int
from automation.dates import day_of, parse_day, parse_moment, start_of
from automation.insertion.printable import printable
from automation.money import minor_digits
from automation.scope import Scope
from automation.values import FieldType, Money, Personal, Value, is_empty, plain


class _Misfit(Enum):
    MISFIT = 0


MISFIT = _Misfit.MISFIT
"""What `coerce` returns for a value that has no reading in the type."""
Fitted: TypeAlias = Value | Literal[_Misfit.MISFIT]

_INT = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_MONEY = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]{1,4}))? ([A-Z]{3})", re.ASCII)
_BOOLS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def coerce(value: Value, source: FieldType, target: FieldType, scope: Scope, *, multiple: bool = False) -> Fitted:
    """Return the value as one of the target type, an unset one as `None`, one that has no reading as `MISFIT`."""
    if is_empty(value):
        return None
    if target in ("user", "list", "file", "item", "resource_booking") or multiple:
        return _ids(value, multiple=multiple)
    if target in ("string", "text"):
        return _text(value, source, scope)
    if isinstance(value, tuple):
        if len(value) > 1:
            return MISFIT
        value = value[0]
    return _READERS[target](plain(value), source, scope)


def _ids(value: Value, *, multiple: bool) -> Fitted:
    value = plain(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if is_int(value) else None
    if isinstance(value, str):
        value = (value.strip(),) if value.strip() else None
    if not isinstance(value, tuple):
        return MISFIT
    if multiple:
        return value
    return value[0] if len(value) == 1 else MISFIT


def _text(value: Value, source: FieldType, scope: Scope) -> Fitted:
    if isinstance(value, Personal):
        return value
    text = printable(value, source, scope)
    return Personal(text) if source == "user" else text


def _int(value: Value, _source: FieldType, _scope: Scope) -> Fitted:
    if isinstance(value, str):
        return int(value) if _INT.fullmatch(value.strip()) else MISFIT
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if is_int(value) else MISFIT


def _number(value: Value, source: FieldType, scope: Scope) -> Fitted:
    if isinstance(value, str):
        text = value.strip()
        return float(text) if _NUMBER.fullmatch(text) and "." in text else _int(text, source, scope)
    if isinstance(value, float):
        return value if math.isfinite(value) else MISFIT
    return value if is_int(value) else MISFIT


def _money(value: Value, _source: FieldType, _scope: Scope) -> Fitted:
    if isinstance(value, Money):
        return value if is_currency(value.currency) else MISFIT
    found = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return MISFIT
    sign, whole, part, currency = found.groups(default="")
    digits = minor_digits(currency)
    if len(part) > digits:
        return MISFIT
    return Money(int(f"{sign}{whole}{part.ljust(digits, '0')}"), currency)


def _bool(value: Value, _source: FieldType, _scope: Scope) -> Fitted:
    if isinstance(value, bool):
        return value
    known = _BOOLS.get(str(value).strip().lower()) if isinstance(value, str) or value in (0, 1) else None
    return MISFIT if known is None else known


def _date(value: Value, source: FieldType, scope: Scope) -> Fitted:
    day: str | None = None
    if isinstance(value, str):
        parsed = parse_day(value.strip())
        day = parsed.isoformat() if parsed else None
        moment = None if parsed else parse_moment(value.strip(), scope.zone)
    else:
        moment = value if source == "datetime" and isinstance(value, int) else None
    if moment is not None:
        day = day_of(moment, scope.zone)
    return MISFIT if day is None else day


def _datetime(value: Value, source: FieldType, scope: Scope) -> Fitted:
    moment: int | None = None
    if isinstance(value, str):
        text = value.strip()
        moment = start_of(text, scope.zone) if parse_day(text) else parse_moment(text, scope.zone)
    elif source == "datetime" and isinstance(value, int):
        moment = value
    return MISFIT if moment is None else moment


_READERS: dict[FieldType, Callable[[Value, FieldType, Scope], Fitted]] = {
    "int": _int, "number": _number, "money": _money, "bool": _bool, "date": _date, "datetime": _datetime,
}  # fmt: skip
