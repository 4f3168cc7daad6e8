"""The calendar of an employee: activities by the days on which they begin, and bookings (spec 4.41, 4.42)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import NamedTuple

from automation.dates import DAY, day_of
from automation.envelope import ItemType
from automation.items.activity_events import ActivityPlanned
from automation.records.model import Mark, Shown
from automation.records.types.booking_calendar.record import Calendar
from automation.values import Moment, Personal
from services.history.activities import ActivityEntry

MOST_DAYS = 62
"""How many days one question spans."""
_RELATION = "activity"


class AgendaEntry(NamedTuple):
    """One activity with the item that it belongs to."""

    item_type: ItemType
    item_id: str
    title: str
    """Of the item."""
    entry: ActivityEntry


class BookingEntry(NamedTuple):
    """One booking that is not over, with the item and the calendar that it belongs to."""

    booking_id: str
    calendar: str
    """Item type and field, as `deal:visit`."""
    item: str
    """`type/id`."""
    service: Personal
    start: Moment
    end: Moment
    employees: tuple[str, ...]


def booked(calendar: str, body: Calendar, user: str, since: Moment, until: Moment) -> Iterator[BookingEntry]:
    """Yield the bookings of an employee that begin in a time."""
    for name, one in body.bookings.items():
        if user in one.employees and since <= one.start < until:
            yield BookingEntry(name, calendar, one.item, one.service, one.start, one.end, one.employees)


def shown(event: ActivityPlanned) -> Shown:
    """Mark an item with employee and day of an activity, so that the day finds it."""
    one = event.activity
    return Shown(add=(_mark(one.responsible, one.start),)) if one.start and one.responsible else Shown()


def marks(user: str, since: Moment, until: Moment) -> Iterator[Mark]:
    """Yield what items with an activity of an employee on these days are marked with."""
    for moment in range(since - since % DAY, until, DAY):
        yield _mark(user, moment)


def _mark(user: str, moment: Moment) -> Mark:
    return _RELATION, f"{day_of(moment, UTC)} {user}"


def of_user(found: Iterable[ActivityEntry], user: str, since: Moment, until: Moment) -> Iterator[ActivityEntry]:
    """Yield the activities of an employee that begin in a time; those that were taken back are left out."""
    for entry in found:
        one = entry.activity
        if one.responsible == user and since <= one.start < until and entry.status != "deleted":
            yield entry
