"""Working time of a company or an employee, and moments counted in it; pure, and right across clock changes.

Periods are half-open: at 18:00 a day of 09:00-18:00 is over. A clock time that a change of clocks leaves out counts as
the one as much later, one that it repeats as its first occurrence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from automation.dates import local, moment_of
from automation.values import Moment

MOST_DAYS = 5_000
"""How far is looked for working time: a week of one hour reaches 700 hours."""
_ONE_DAY = timedelta(days=1)


class Hours(NamedTuple):
    """A period of a day in minutes from midnight, the end not included; 1440 is midnight."""

    start: int
    end: int


class Period(NamedTuple):
    """A period of working time, the end not included."""

    start: Moment
    end: Moment


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When somebody works: hours by weekday (Monday first), days with hours of their own, and times away."""

    zone: tzinfo
    week: tuple[tuple[Hours, ...], ...]
    days: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    """Holidays and days off have none."""
    away: tuple[Period, ...] = ()

    def periods(self, day: date) -> Iterator[Period]:
        """Yield the working periods of a day in order."""
        last: Moment = -(2**62)
        hours = self.days.get(day)
        for start, end in self.week[day.weekday()] if hours is None else hours:
            begin, finish = max(last, self._at(day, start)), self._at(day, end)
            if begin < finish:
                last = finish
                yield from _without(Period(begin, finish), self.away)

    def _at(self, day: date, minutes: int) -> Moment:
        on, rest = day + timedelta(days=minutes // 1440), minutes % 1440
        return moment_of(datetime.combine(on, time(rest // 60, rest % 60), self.zone)) or 0


def _without(period: Period, away: Iterable[Period]) -> Iterator[Period]:
    """Yield what is left of a period; times away are in order of their start."""
    start, end = period
    for gone in away:
        if gone.start >= end:
            break
        if gone.start > start:
            yield Period(start, gone.start)
        start = max(start, gone.end)
    if start < end:
        yield Period(start, end)


def is_working(work: WorkingTime, at: Moment) -> bool:
    """Say whether a moment is in working time."""
    return next_working(work, at) == at


def next_working(work: WorkingTime, at: Moment) -> Moment | None:
    """Return the first moment of working time from `at` on; `None` if there is none for years."""
    return after(work, at, 0)


def after(work: WorkingTime, at: Moment, span: int) -> Moment | None:
    """Return the moment so many milliseconds of working time after `at`; it is in working time itself.

    What ends with a period is at the start of the next one. `None` if working time does not reach that far.
    """
    for start, end in _forward(work, at):
        begin = max(start, at)
        if begin < end and span < end - begin:
            return begin + span
        span -= max(0, end - begin)
    return None


def before(work: WorkingTime, at: Moment, span: int) -> Moment | None:
    """Return the moment from which so many milliseconds (more than 0) of working time are left until `at`."""
    for start, end in _backward(work, at):
        finish = min(end, at)
        if start < finish and span <= finish - start:
            return finish - span
        span -= max(0, finish - start)
    return None


def _forward(work: WorkingTime, at: Moment) -> Iterator[Period]:
    for day in _days(work, at, _ONE_DAY):
        yield from work.periods(day)


def _backward(work: WorkingTime, at: Moment) -> Iterator[Period]:
    for day in _days(work, at, -_ONE_DAY):
        yield from reversed(tuple(work.periods(day)))


def _days(work: WorkingTime, at: Moment, step: timedelta) -> Iterator[date]:
    """Yield days from that of `at` on, as far as the calendar goes."""
    clock = local(at, work.zone)
    day = clock.date() if clock else None
    for _ in range(MOST_DAYS):
        if day is None or not date.min + _ONE_DAY < day < date.max - _ONE_DAY:
            return
        yield day
        day += step
