"""Moments and calendar days in the platform's time zone; what leaves the calendar is `None`, never an error."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from automation.values import Moment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000
_MS = timedelta(milliseconds=1)


def local(moment: Moment, zone: tzinfo) -> datetime | None:
    """Return the clock time of a moment in a zone."""
    try:
        return (EPOCH + timedelta(milliseconds=moment)).astimezone(zone)
    except OverflowError:
        return None


def moment_of(clock: datetime) -> Moment | None:
    """Return the moment of a clock time that has a zone."""
    try:
        return (clock - EPOCH) // _MS
    except OverflowError:
        return None


def day_of(moment: Moment, zone: tzinfo) -> str | None:
    """Return the day of a moment in a zone as ISO 8601 text."""
    clock = local(moment, zone)
    return None if clock is None else clock.date().isoformat()


def start_of(day: str, zone: tzinfo) -> Moment | None:
    """Return the moment at which a day (ISO 8601 text) begins in a zone."""
    parsed = parse_day(day)
    return None if parsed is None else moment_of(datetime.combine(parsed, time(), zone))


def add_days(day: str, days: int) -> str | None:
    """Return the day so many days later, or earlier."""
    parsed = parse_day(day)
    try:
        return None if parsed is None else (parsed + timedelta(days=days)).isoformat()
    except OverflowError:
        return None


def shift_days(moment: Moment, days: int, zone: tzinfo) -> Moment | None:
    """Return the same clock time so many days later, or earlier, in a zone."""
    clock = local(moment, zone)
    try:
        return None if clock is None else moment_of(clock + timedelta(days=days))
    except OverflowError:
        return None


def parse_day(text: str) -> date | None:
    """Read an ISO 8601 day; `None` for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_moment(text: str, zone: tzinfo | None = None) -> Moment | None:
    """Read an ISO 8601 date and time; without an offset of its own it is in `zone`, or refused where that is `None`."""
    try:
        clock = datetime.fromisoformat(text)
    except ValueError:
        return None
    if clock.tzinfo is None:
        if zone is None:
            return None
        clock = clock.replace(tzinfo=zone)
    return moment_of(clock)
