"""The action `bp_book_resource` (spec 4.42)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.definitions.compiled_process import schema_of
from automation.definitions.validation import check, read
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items import process_events as p
from automation.items.process_changes import StartProcess
from automation.values import Personal
from services.history.timeline import journal_entries
from tests.core.catalogue.booking_world import HOUR, NINE, book, ended, world
from tests.core.spec import CATALOGUE, TENANT, action, put, template
from tests.core.world import World

CALENDAR = "booking_calendar/deal:visit"


def bookings(made: World, calendar: str = CALENDAR) -> list[Any]:
    """Return what a calendar keeps."""
    return list(made.state(calendar).body.bookings.values())


def test_employees_are_booked() -> None:
    """The calendar of the field has the period, the item the booking's id; the journal says so."""
    made = world("1")
    assert book(made, employees=["role:responsible", "user:boss"], service="Visit of {{field:title}}") == ""

    (booking,) = bookings(made)
    assert (booking.item, booking.start, booking.end) == ("deal/1", NINE, NINE + HOUR)
    assert (booking.employees, booking.service) == (("ann", "boss"), Personal("Visit of Desk 1"))
    (booking_id,) = made.state(CALENDAR).body.bookings
    assert ended(made, "deal/1")[-1].results == {"booking_id": booking_id}
    assert made.state("deal/1").fields["visit"] == (booking_id,)
    (recorded,) = made.recorded("deal/1", e.FieldsChanged)
    assert [(row.field, row.new) for row in journal_entries(recorded)] == [("visit", (booking_id,))]


def test_a_busy_employee() -> None:
    """All items of the type share the calendar of the field, and nothing is booked."""
    made = world("1", "2")
    book(made, "deal/1", employees=["user:ann", "user:boss"])

    assert book(made, "deal/2", start="2026-11-16T09:59:00Z", employees=["user:boss"]) == "resource_busy"
    assert "visit" not in made.state("deal/2").fields
    assert book(made, "deal/2", start="2026-11-16T10:00:00Z") == ""
    assert len(bookings(made)) == 2


def test_other_fields_and_types_have_calendars_of_their_own() -> None:
    """What is booked in one field does not occupy in another one."""
    made = world("1").tell("lead/1", c.CreateItem({}, responsible="ann"))

    assert [book(made), book(made, field="repair"), book(made, "lead/1")] == ["", "", ""]


def test_booking_again_adds() -> None:
    """The field holds both."""
    made = world("1")
    book(made)
    book(made, start="2026-11-16T10:00:00Z")

    assert made.state("deal/1").fields["visit"] == tuple(made.state(CALENDAR).body.bookings)


def test_a_redelivered_question_books_once() -> None:
    """The log of the item is read again."""
    made = world("1")
    book(made)
    (question,) = made.recorded("deal/1", effects.ItemAsked)
    made.redeliver(question).redeliver(question)

    assert len(bookings(made)) == 1
    assert len(made.state("deal/1").fields["visit"]) == 1


def test_a_deleted_item_occupies_nobody() -> None:
    """Its bookings are freed, of all fields; those of others stay."""
    made = world("1", "2")
    book(made)
    book(made, field="repair")
    book(made, "deal/2", start="2026-11-16T10:00:00Z")
    made.tell("deal/1", c.DeleteItem())

    assert [one.item for one in bookings(made)] == ["deal/2"]
    assert bookings(made, "booking_calendar/deal:repair") == []


def test_an_item_deleted_while_it_books() -> None:
    """The question comes first, then the item lets go of what it may have got."""
    made = world("1")
    made.lost = {"booking_calendar"}
    with pytest.raises(ValueError, match="not enough"):
        book(made)
    made.tell("deal/1", c.DeleteItem())
    made.lost = set()
    for asked in made.recorded("deal/1", effects.ItemAsked):
        made.redeliver(asked)

    assert bookings(made) == []


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"employees": ["user:old"]}, "no_recipient"),
        ({"employees": "{{field:comments}}"}, "missing_value:employees"),
        ({"start": "{{field:at}}"}, "missing_value:start"),
        ({"duration": "{{field:minutes}}"}, "invalid_value:duration"),
        ({"field": "repair", "duration": "{{field:minutes}}"}, ""),
    ],
)
def test_values_at_run_time(params: dict[str, Any], reason: str) -> None:
    """Inserted values are checked when the step runs: the length must be one of the field's."""
    made = world()
    made.tell("deal/1", c.CreateItem({"minutes": 45}, responsible="ann"))

    assert book(made, **params) == reason


def test_a_period_that_is_over() -> None:
    """Nobody can be occupied then."""
    made = world("1")
    (story,) = made.stories.values()
    story.now = NINE + HOUR

    assert book(made) == "invalid_value:start"
    assert book(made, start="2026-11-16T09:30:00Z") == ""


def test_conditions_see_bookings() -> None:
    """A field with bookings is filled in; without, it is empty."""
    booked = {"title": "Booked", "when": {"field": "visit", "op": "not_empty"}, "steps": []}
    made = world("1")
    put(made.book, template({"id": "i", "type": "if", "branches": [booked]}))
    made.tell("deal/1", StartProcess("process", {}))
    book(made)
    made.tell("deal/1", StartProcess("process", {}))

    assert [one.branch for one in made.events("deal/1", p.BranchTaken)] == [-1, 0]


# --- what saving checks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"field": "title"}, "field: 'title' is no field of type resource booking; known: repair, visit"),
        ({"field": ""}, "field: is required"),
        ({"duration": 45}, "duration: one of 30, 60 minutes is expected"),
        ({"duration": "long"}, "duration"),
        ({"employees": []}, "employees: is required"),
    ],
)
def test_flaws(change: dict[str, Any], flaw: str) -> None:
    """Only such a field, and only its lengths."""
    params = {"field": "visit", "start": "{{field:at}}", "duration": 30, "employees": ["user:ann"], **change}
    view = world().book.tenant(TENANT)
    assert view is not None
    with pytest.raises(InvalidParamsError) as refused:
        compile_arguments(CATALOGUE["bp_book_resource"].params, params, schema_of(view, template(action("bp_wait"))))

    assert flaw in str(refused.value)


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({"multiple": False}, "fields[0]"),
        ({"multiple": True, "options": ["30", "half"]}, "fields[0].options"),
        ({"multiple": True, "options": ["30"]}, ""),
    ],
)
def test_fields_of_the_type(field: dict[str, Any], path: str) -> None:
    """They hold several bookings; their options are minutes."""
    body = {"item_type": "deal", "fields": [{"code": "v", "title": "V", "type": "resource_booking", **field}]}
    made, flaws = read("fields", body)
    flaws += check(CATALOGUE, TENANT, {}, {("fields", "deal"): made}).errors if made else ()

    assert [flaw.path for flaw in flaws][:1] == ([path] if path else [])
