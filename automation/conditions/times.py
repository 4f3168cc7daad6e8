"""Dates and datetimes in conditions: brought to the type they are compared with, and counted from one another."""

from __future__ import annotations

from datetime import tzinfo

from automation.conditions.model import Relative
from automation.dates import add_days, day_of, shift_days, start_of
from automation.scope import Reader, Scope, reader
from automation.values import FieldType, Value

_MINUTE = 60_000


def convert_time(value: Value, target: FieldType, zone: tzinfo) -> Value:
    """Return a date as the moment it begins, or a moment as its day; unset for anything that is neither."""
    if type(value) is str:
        return value if target == "date" else start_of(value, zone)
    if type(value) is int:
        return value if target == "datetime" else day_of(value, zone)
    return None


def read_relative(relative: Relative, target: FieldType) -> Reader:
    """Return what reads a relative time as a value of the target type; unset where its base is, or beyond year 9999."""
    base = (lambda scope: scope.now) if relative.base is None else reader(relative.base.reference)
    return lambda scope: _shifted(base(scope), relative, target, scope)


def _shifted(start: Value, relative: Relative, target: FieldType, scope: Scope) -> Value:
    if type(start) is str and not relative.minutes:
        return convert_time(add_days(start, relative.days), target, scope.zone)
    moment = convert_time(start, "datetime", scope.zone)
    if type(moment) is not int:
        return None
    shifted = shift_days(moment, relative.days, scope.zone)
    return None if shifted is None else convert_time(shifted + relative.minutes * _MINUTE, target, scope.zone)
