"""From calendars as they are written to working time (spec 1.10; decision on calendars)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, tzinfo
from zoneinfo import ZoneInfo

from automation.definitions.base import Definition
from automation.definitions.models import User
from automation.definitions.time_models import WEEK, Calendar
from automation.people import Absence
from automation.working_time import Hours, Period, WorkingTime

COMPANY = "company"
"""Id of the calendar of the company."""


def time_of(
    current: Mapping[tuple[str, str], Definition], user: str, zones: tuple[tzinfo, tzinfo], absences: Iterable[Absence]
) -> WorkingTime | None:
    """Return when an employee works, without absences, or the company does (no user); None without a calendar.

    `zones` are the platform's and the employee's own.
    """
    employee = current.get(("user", user))
    own = current.get(("calendar", employee.calendar)) if isinstance(employee, User) else None
    found = own or current.get(("calendar", COMPANY))
    if not isinstance(found, Calendar):
        return None
    return working_time(found, zones[1] if own else zones[0], absences)


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
