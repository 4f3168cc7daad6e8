"""The action `bp_schedule_call` (spec 4.40)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import activity_changes as ac
from automation.items import activity_events as a
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.decide import timers
from automation.items.parts import Activity
from automation.scope import Schema
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.catalogue.planning_world import TYPES, deal_at, item_of
from tests.core.catalogue.test_schedule_client_call import HOUR, TOMORROW, planned, told_to
from tests.core.spec import CATALOGUE, Story, action, put, template

START = "2026-11-19T10:00Z"


def call(story: Story, **params: Any) -> Story:
    """Run the action with a subject and a start unless said otherwise."""
    return story.run("bp_schedule_call", **{"subject": "Ring {{field:title}}", "start": START, **params})


def test_a_call_is_planned_with_the_responsible() -> None:
    """It takes half an hour, nobody is told or reminded, and its id is the result."""
    story = call(deal_at())
    found = planned(story)

    assert found == Activity(
        found.activity_id, "call", Personal("Ring Desk"), Personal(""), TOMORROW, TOMORROW + HOUR // 2, Personal(""),
        "ann", False, False, 0,
    )  # fmt: skip
    assert story.only(p.StepCompleted).results == {"activity_id": found.activity_id}
    assert (told_to(story), list(timers(story.state))) == ([], [])


def test_everything_may_be_said() -> None:
    """End, description, employee, importance."""
    story = call(
        deal_at(), end="2026-11-19T13:00Z", description="Say {{field:title}}", important=True, responsible="user:boss"
    )
    found = planned(story)
    assert (found.end, found.description.text) == (TOMORROW + 3 * HOUR, "Say Desk")
    assert (found.important, found.responsible) == (True, "boss")


@pytest.mark.parametrize("item_type", TYPES)
def test_any_item_of_a_crm_may_have_it(item_type: str) -> None:
    """Clients too; the reminder leads to the item."""
    story = call(item_of(item_type), remind_in=1)
    assert told_to(story.wake()) == [("ann", "Reminder. Call: Ring Desk, 2026-11-19 10:00")]


def test_it_stands_in_the_timeline() -> None:
    """As planned, with its time."""
    (entry,) = [
        found for r in call(deal_at()).last.events if (found := timeline_entry(r)) and "process" not in found.kind
    ]
    assert (entry.kind, entry.facts["activity"], entry.facts["start"]) == ("activity_planned", "call", TOMORROW)


@pytest.mark.parametrize(
    ("params", "ahead"),
    [
        ({"remind_in": 15}, 15 * 60_000),
        ({"remind_in": 2, "remind_unit": "hours"}, 2 * HOUR),
        ({"remind_in": "{{param:ahead}}", "remind_unit": "hours"}, 3 * HOUR),
        ({"remind_in": 0}, 0),
    ],
)
def test_the_responsible_is_reminded_before_the_start(params: dict[str, Any], ahead: int) -> None:
    """Once, after the process has long ended, as the clock of the employee shows it."""
    story = deal_at()
    fields = {"params": [{"code": "ahead", "type": "int", "default": 3}]}
    process(story, fields, responsible="user:ny", **params)
    assert (told_to(story), dict(story.state.processes)) == ([], {})

    story.wake()
    assert story.now == TOMORROW - ahead
    assert told_to(story) == [("ny", "Reminder. Call: Ring Desk, 2026-11-19 05:00")]
    assert list(timers(story.state)) == []


def process(story: Story, more: dict[str, Any], **params: Any) -> Story:
    """Start a template that has more to it than its one step."""
    given = {"subject": "Ring {{field:title}}", "start": START, **params}
    put(story.book, template(action("bp_schedule_call", **given), **more))
    return story.begin()


def test_a_reminder_whose_time_is_past_is_sent_at_once() -> None:
    """With the planning itself."""
    story = call(deal_at(), remind_in=3, remind_unit="days")
    assert told_to(story) == [("ann", "Reminder. Call: Ring Desk, 2026-11-19 11:00")]
    assert list(timers(story.state)) == []


@pytest.mark.parametrize("ending", [ac.CompleteActivity, ac.DeleteActivity])
def test_nobody_is_reminded_of_what_is_over(ending: Any) -> None:
    """Completed or taken back."""
    story = call(deal_at(), remind_in=1)
    story.when(ending(planned(story).activity_id))
    assert list(timers(story.state)) == []


def test_nobody_is_reminded_of_a_deleted_item() -> None:
    """Spec 6.3."""
    assert list(timers(call(deal_at(), remind_in=1).when(c.DeleteItem()).state)) == []


def test_a_call_that_ends_before_it_starts_fails() -> None:
    """Nothing is planned; one that ends when it starts is."""
    story = call(deal_at(), end="2026-11-19T09:59Z")
    assert story.only(p.StepFailed).reason == "invalid_period"
    assert not story.state.activities
    assert planned(call(deal_at(), end=START)).end == TOMORROW


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"start": "{{field:ring}}"}, "missing_value:start"),
        ({"subject": "{{field:comments}}"}, "missing_value:subject"),
        ({"remind_in": "{{field:hours}}"}, "invalid_value:remind_in"),
        ({"start": "{{field:title}}"}, "invalid_value:start"),
    ],
)
def test_values_that_are_missing_or_unfit_fail(params: dict[str, Any], reason: str) -> None:
    """Spec 4, 6.8."""
    assert call(deal_at(ring=None, hours=-1), **params).only(p.StepFailed).reason == reason


def test_a_status_change_leaves_calls_open() -> None:
    """There is no option to complete them, unlike 4.1 and 4.41."""
    story = call(deal_at()).when(c.SaveItem({}, stage="won"))
    assert not [event for event in story.events if isinstance(event, a.ActivityCompleted)]
    assert len(story.state.activities) == 1


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"subject": "x"}, "start"),
        ({"start": START}, "subject"),
        ({"subject": "x", "start": START, "remind_unit": "weeks"}, "remind_unit"),
        ({"subject": "x", "start": START, "complete_on_status_change": True}, "complete_on_status_change"),
        ({"subject": "x", "start": START, "place": "here"}, "place"),
    ],
)
def test_what_is_refused_when_saved(params: dict[str, Any], path: str) -> None:
    """A call has no place and no auto-complete option."""
    with pytest.raises(InvalidParamsError, match=path):
        compile_arguments(CATALOGUE["bp_schedule_call"].params, params, Schema({}))
