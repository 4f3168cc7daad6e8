"""The calendar of an employee: activities of all items by the days on which they begin (spec 4.41)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import NamedTuple

from automation.dates import DAY, day_of
from automation.envelope import ItemType
from automation.items.activity_events import ActivityPlanned
from automation.records.model import Mark, Shown
from automation.values import Moment
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
