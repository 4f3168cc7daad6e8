"""The calendar of an employee, out of the activities of all items; on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from automation.dates import DAY
from automation.envelope import Key
from automation.items import activity_events as a
from automation.items import events as e
from automation.items.parts import Activity
from automation.records.types.booking_calendar.events import BookingsEnded, ResourceBooked
from automation.values import Personal
from services.edge.sql import Database
from services.history.queries import History
from tests.contract.test_records_read import indexed
from tests.gateway_world import World, untouched
from tests.history_world import stream

__all__ = ["untouched"]
pytest_plugins = ["tests.postgres", "tests.databases"]

MONDAY = 1_794_787_200_000
"""2026-11-16 00:00 UTC."""
TYPES = ["deal", "lead"]


def activity(name: str, start: int, user: str = "ann", kind: str = "meeting") -> a.ActivityPlanned:
    """Return the event that plans an activity."""
    return a.ActivityPlanned(
        Activity(name, kind, Personal(name), Personal(""), start, start, Personal(""), user, False, False, 0), "ann"
    )


def item(item_type: str, name: str, *events: object) -> list[object]:
    """Return the events of an item."""
    created = e.ItemCreated({"title": f"Title of {name}"}, "main", "new", "ann", "ann", (), False)
    return stream(Key("acme", item_type, name), created, *events)


@pytest.fixture
def history(database: Database) -> History:
    """A deal with activities of Ann and Berta, a lead with one that is done, and a deal that was deleted."""
    busy = item("deal", "1", activity("first", MONDAY + 9), activity("second", MONDAY + 2 * DAY),
                activity("boss", MONDAY + 9, "boss"), activity("gone", MONDAY + 5), a.ActivityDeleted("gone"),
                activity("whenever", 0, kind="activity"))  # fmt: skip
    done = item("lead", "2", activity("done", MONDAY + DAY), a.ActivityCompleted("done", "done"))
    deleted = item("deal", "3", activity("lost", MONDAY + 1), e.ItemDeleted())
    return indexed(database, *busy, *done, *deleted)  # type: ignore[arg-type]


def names(history: History, since: int, until: int, user: str = "ann") -> list[str]:
    """Return the activities found, in order."""
    return [one.entry.activity.activity_id for one in history.agenda("acme", user, TYPES, since, until)]


def test_activities_of_all_items_stand_in_the_order_of_their_start(history: History) -> None:
    """Of one employee; those that are done stay, those that were taken back are gone."""
    assert names(history, MONDAY, MONDAY + 7 * DAY) == ["first", "done", "second"]
    assert names(history, MONDAY, MONDAY + 7 * DAY, "boss") == ["boss"]
    (first, done, _) = history.agenda("acme", "ann", TYPES, MONDAY, MONDAY + 7 * DAY)
    assert (first.item_type, first.item_id, first.title) == ("deal", "1", "Title of 1")
    assert (done.entry.status, done.entry.reason) == ("completed", "done")


def test_the_end_of_the_time_does_not_belong_to_it(history: History) -> None:
    """From the first moment up to the last."""
    assert names(history, MONDAY + 9, MONDAY + DAY) == ["first"]
    assert names(history, MONDAY + 10, MONDAY + DAY + 1) == ["done"]
    assert names(history, MONDAY + 10, MONDAY + DAY) == []


def test_a_tenant_sees_its_own(history: History) -> None:
    """And not more days than one question spans."""
    assert history.agenda("other", "ann", TYPES, MONDAY, MONDAY + 7 * DAY) == []
    with pytest.raises(ValueError, match="62 days"):
        names(history, 0, MONDAY)


async def test_the_route_answers(untouched: World) -> None:
    """With what is planned, and by name what is wrong."""
    path = f"/v1/calendar?user=ann&since={MONDAY}&until="
    assert (await untouched.call("GET", f"{path}{MONDAY + DAY}")).json == {"entries": [], "bookings": []}
    assert (await untouched.call("GET", f"{path}{MONDAY + 63 * DAY}")).status == 422


def test_bookings_of_all_fields_stand_in_the_order_of_their_start(database: Database) -> None:
    """Those of the employee that are neither over nor cancelled, in the time asked for."""
    visits = stream(
        Key("acme", "booking_calendar", "deal:visit"), booked("late", MONDAY + 20), booked("gone", MONDAY + 1),
        booked("boss", MONDAY + 3, "boss"), booked("next", MONDAY + DAY), BookingsEnded(("gone",), "over", (), ()),
    )  # fmt: skip
    repairs = stream(Key("acme", "booking_calendar", "lead:repair"), booked("early", MONDAY + 2, "boss", "ann"))
    history = indexed(database, *visits, *repairs)

    found = history.bookings("acme", "ann", MONDAY, MONDAY + DAY)
    assert [(one.booking_id, one.calendar) for one in found] == [("early", "lead:repair"), ("late", "deal:visit")]
    assert history.bookings("other", "ann", MONDAY, MONDAY + DAY) == []


def booked(name: str, start: int, *employees: str) -> ResourceBooked:
    """Return a booking, of Ann unless others are named."""
    return ResourceBooked(name, "deal/1", Personal("Visit"), start, start + 10, employees or ("ann",))
