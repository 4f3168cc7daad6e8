"""From calendars as they are written to working time (spec 1.10; decision on calendars)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, tzinfo
from zoneinfo import ZoneInfo

from automation.definitions.time_models import WEEK, Calendar
from automation.people import Absence
from automation.working_time import Hours, Period, WorkingTime

COMPANY = "company"
"""Id of the calendar of the company."""


def working_time(calendar: Calendar, zone: tzinfo, absences: Iterable[Absence] = ()) -> WorkingTime:
    """Return the working time of a calendar; `zone` is that of who has it, unless the calendar names one."""
    holidays = calendar.holidays.days if calendar.holidays else ()
    off = (*holidays, *calendar.days_off)
    days: dict[date, tuple[Hours, ...]] = {date.fromisoformat(day): () for day in off}
    days |= {date.fromisoformat(day): _spans(hours) for day, hours in calendar.special_days.items()}
    return WorkingTime(
        ZoneInfo(calendar.time_zone) if calendar.time_zone else zone,
        tuple(_spans(calendar.hours.get(day, ())) for day in WEEK),
        days,
        tuple(Period(absence.since, absence.until) for absence in absences),
    )


def _spans(hours: Iterable[str]) -> tuple[Hours, ...]:
    return tuple(Hours(*map(_minutes, text.split("-"))) for text in hours)


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)
