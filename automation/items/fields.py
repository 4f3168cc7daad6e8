"""Check the values of fields against their definitions (spec 1.8)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from automation.definitions.models import FieldDef
from automation.errors import ChangeRefusedError
from automation.items.door import LONGEST_ID
from automation.values import FieldType, Money, Personal, Value, is_empty

TEXT_LIMIT = 1_000_000
_CURRENCY = re.compile(r"[A-Z]{3}")
_INT64 = 2**63


def _is_date(value: Value) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_int(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64


def _is_number(value: Value) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


def _is_money(value: Value) -> bool:
    return isinstance(value, Money) and bool(_CURRENCY.fullmatch(value.currency)) and _is_int(value.minor)


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_LIMIT


def _is_id(value: Value) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_ID and value.isprintable()


_CHECKS: Mapping[FieldType, Callable[[Value], bool]] = {
    "string": _is_text,
    "text": _is_text,
    "int": _is_int,
    "number": _is_number,
    "money": _is_money,
    "bool": lambda value: isinstance(value, bool),
    "date": _is_date,
    "datetime": _is_int,
    "user": _is_id,
    "list": _is_text,
    "file": _is_text,
    "item": _is_id,
}


def _fits(field: FieldDef, value: Value) -> bool:
    check = _CHECKS[field.type]
    if not field.multiple:
        return check(value) and (not field.options or value in field.options)
    parts = value if isinstance(value, tuple) else None
    return parts is not None and all(check(part) and (not field.options or part in field.options) for part in parts)


def checked(defined: Mapping[str, FieldDef], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values with personal fields marked; raises `ChangeRefusedError` naming the field and the rule."""
    values: dict[str, Value] = {}
    for code, value in given.items():
        field = defined.get(code)
        if field is None:
            raise ChangeRefusedError("unknown_field", f"fields.{code[:100]}: no field of this item type has this code")
        bare = value.text if isinstance(value, Personal) else value
        if bare is not None and not _fits(field, bare):
            raise ChangeRefusedError("invalid_field", f"fields.{code}: not a {field.type}" + "s" * field.multiple)
        values[code] = Personal(bare) if field.personal and isinstance(bare, str) else bare
    return values


def assigned(
    defined: Mapping[str, FieldDef], old: Mapping[str, Value], rows: Iterable[tuple[str, Value]], *, append: bool
) -> dict[str, Value]:
    """Return what rows of code and new value come to; an empty value clears, and `append` adds to multiple fields."""
    wanted: dict[str, Value] = {}
    for code, new in rows:
        field = defined.get(code)
        joins = append and field is not None and field.multiple
        value = _joined(wanted.get(code, old.get(code)), new) if joins else new
        wanted[code] = None if is_empty(value) else value
    return wanted


def _joined(old: Value, more: Value) -> Value:
    """Return the values of a multiple field with more behind them, each once."""
    parts = (part for value in (old, more) if isinstance(value, tuple) for part in value)
    return tuple(dict.fromkeys(parts))
