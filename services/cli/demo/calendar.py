"""When things happen in the example company: the hours in which people work, and those in which they shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from automation.values import Moment

ZONE = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 3, 1, tzinfo=ZONE)
END = datetime(2026, 4, 1, tzinfo=ZONE)

_DAYS = 31
_OPEN, _CLOSE = 8, 18
_SATURDAY = 5
_OFFICE = (0, 0, 0, 0, 0, 0, 0, 1, 6, 10, 12, 11, 6, 7, 11, 10, 8, 4, 1, 0, 0, 0, 0, 0)
"""Weight of each hour of a working day: a peak before noon, one after lunch."""
_SHOPPING = (1, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 5, 4, 4, 5, 6, 8, 10, 12, 10, 6, 3)


def moment(when: datetime) -> Moment:
    """Return milliseconds since the epoch."""
    return int(when.timestamp() * 1_000)


BEGIN_MS, END_MS = moment(BEGIN), moment(END)


def office_hour(rng: Random) -> Moment:
    """Return a moment of the month at which somebody is at work."""
    day = rng.randrange(_DAYS)
    while (BEGIN + timedelta(days=day)).weekday() >= _SATURDAY:
        day = rng.randrange(_DAYS)
    return _within(rng, day, _OFFICE)


def shopping_hour(rng: Random) -> Moment:
    """Return a moment of the month at which people order: evenings, weekends too."""
    return _within(rng, rng.randrange(_DAYS), _SHOPPING)


def first_morning(rng: Random) -> Moment:
    """Return a moment before anybody works: when the month opens."""
    return BEGIN_MS + rng.randrange(3_600_000)


def later(rng: Random, at: Moment, hours: float) -> Moment:
    """Return a moment some hours later (exponential around `hours`), moved into the next working hours."""
    wanted = at + 60_000 + int(rng.expovariate(1 / hours) * 3_600_000)
    return at_work(rng, wanted)


def at_work(rng: Random, at: Moment) -> Moment:
    """Return the moment itself in working hours, else one in the first three hours of the next working day."""
    local = datetime.fromtimestamp(at / 1_000, UTC).astimezone(ZONE)
    if local.weekday() < _SATURDAY and _OPEN <= local.hour < _CLOSE:
        return at
    day = local.replace(hour=_OPEN, minute=0, second=0, microsecond=0)
    if local.hour >= _OPEN:
        day += timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return moment(day) + rng.randrange(3 * 3_600_000)


def day_of(at: Moment, days: int = 0) -> str:
    """Return the date so many days later, as ISO 8601 text."""
    return (datetime.fromtimestamp(at / 1_000, UTC).astimezone(ZONE) + timedelta(days=days)).date().isoformat()


def _within(rng: Random, day: int, weights: tuple[int, ...]) -> Moment:
    (hour,) = rng.choices(range(24), weights)
    return moment(BEGIN + timedelta(days=day)) + hour * 3_600_000 + rng.randrange(3_600_000)
