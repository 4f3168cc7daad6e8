"""When a delayed rule runs (spec 1.4 `delay`): after a time, after working time, or by a date field that it follows."""

from __future__ import annotations

from typing import assert_never

from automation.dates import DAY, local, moment_of, shift_days, start_of
from automation.definitions.time_models import Delay, FieldDelay, WhoseTime, WorkingDelay
from automation.items.turn import Turn
from automation.values import Moment
from automation.working_time import WorkingTime, after, before

NOT_YET: Moment = 0
"""The field that the rule waits for is empty: there is no moment until it is filled in."""
NO_MOMENT = "invalid_value:delay"
"""Reason code of a rule whose delay leads to no moment."""


def due_of(turn: Turn, delay: Delay) -> Moment | None:
    """Return when a rule runs whose turn is now, `NOT_YET` for an empty field.

    `None` where there is no such moment: the company has no calendar, or the calendar ends before.
    """
    match delay:
        case int():
            return turn.now + delay
        case WorkingDelay():
            work = _working_time(turn, delay.calendar)
            return after(work, turn.now, delay.working) if work else None
        case FieldDelay():
            base = _date_in(turn, delay)
            return _shifted(turn, delay, base) if base else base
    assert_never(delay)


def follows(delay: Delay) -> str:
    """Return the code of the field that a delay follows; empty for one that is counted once."""
    return delay.field if isinstance(delay, FieldDelay) else ""


def _working_time(turn: Turn, whose: WhoseTime) -> WorkingTime | None:
    return turn.view.working_time(turn.state.responsible if whose == "responsible" else "")


def _date_in(turn: Turn, delay: FieldDelay) -> Moment | None:
    """Return the moment in the field: of a date, the beginning of the day or the clock time `at` on it."""
    value, zone = turn.state.fields.get(delay.field), turn.view.zone
    if not isinstance(value, str) or not value:
        return value if isinstance(value, int) else NOT_YET
    day = start_of(value, zone)
    clock = local(day, zone) if day is not None else None
    if clock is None or not delay.at:
        return day
    hour, _, minute = delay.at.partition(":")
    return moment_of(clock.replace(hour=int(hour), minute=int(minute)))


def _shifted(turn: Turn, delay: FieldDelay, base: Moment) -> Moment | None:
    if delay.working:
        work = _working_time(turn, delay.calendar)
        if work is None:
            return None
        return before(work, base, delay.before) if delay.before else after(work, base, delay.after)
    sign = -1 if delay.before else 1
    days, rest = divmod(delay.before or delay.after, DAY)
    day = shift_days(base, sign * days, turn.view.zone)  # a day is the same clock time, whatever the clocks do
    return None if day is None else day + sign * rest
