"""The action `bp_cancel_resource_booking` (spec 4.8)."""

from __future__ import annotations

import pytest

from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import events as e
from automation.items import process_events as p
from automation.scope import Schema
from tests.core.catalogue.booking_world import book, cancel, ended, world
from tests.core.spec import CATALOGUE

DONE = ("StepCompleted", "")
NOTHING = ("StepSkipped", "nothing_booked")


def test_all_bookings_of_the_field_are_freed() -> None:
    """Of this item and this field alone; the employees may be booked again, and nothing is published."""
    made = world("1", "2")
    book(made)
    book(made, start="2026-11-16T10:00:00Z")
    book(made, "deal/2", start="2026-11-16T11:00:00Z")
    book(made, field="repair")

    assert cancel(made) == DONE
    assert ended(made, "deal/1")[-1].results == {}
    assert made.state("deal/1").fields["visit"] is None
    assert len(made.state("deal/1").fields["repair"]) == 1
    assert [one.item for one in made.state("booking_calendar/deal:visit").body.bookings.values()] == ["deal/2"]
    assert book(made, "deal/2") == ""


def test_nothing_is_booked() -> None:
    """Neither by anybody, nor for this item, nor any more."""
    made = world("1", "2")
    assert cancel(made) == NOTHING

    book(made, "deal/2")
    assert cancel(made) == NOTHING
    assert cancel(made, "deal/2") == DONE
    assert cancel(made, "deal/2") == NOTHING


def test_bookings_that_are_over_stay_in_the_field() -> None:
    """Only those that still hold somebody are cancelled."""
    made = world("1")
    book(made)
    book(made, start="2026-11-17T09:00:00Z")
    first, _ = made.state("deal/1").fields["visit"]
    calendar = next(story for key, story in made.stories.items() if key.item_type == "booking_calendar")
    calendar.wake()

    assert cancel(made) == DONE
    assert made.state("deal/1").fields["visit"] == (first,)
    assert len(made.events("deal/1", e.FieldsChanged)) == 3


def test_a_booking_that_the_item_never_learned_of() -> None:
    """The calendar knows what is booked: a step that was stopped may have booked all the same (spec 6.1)."""
    made = world("1")
    made.lost = {"deal"}
    with pytest.raises(ValueError, match="not enough"):
        book(made)
    made.lost = set()

    assert cancel(made) == DONE
    assert made.events("deal/1", p.StepCompleted)[-1].results == {}
    assert not made.state("booking_calendar/deal:visit").body.bookings


def test_the_field_is_checked_when_saved() -> None:
    """There must be one of this type."""
    with pytest.raises(InvalidParamsError, match="known: visit"):
        compile_arguments(
            CATALOGUE["bp_cancel_resource_booking"].params, {"field": "x"}, Schema({}, bookable={"visit": frozenset()})
        )
