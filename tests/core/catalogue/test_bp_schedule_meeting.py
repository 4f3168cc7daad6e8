"""The action `bp_schedule_meeting` (spec 4.41); what it shares with calls stands in their test."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import activity_events as a
from automation.items import changes as c
from automation.items import effects
from automation.items import process_events as p
from automation.items.decide import timers
from automation.items.parts import Activity
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.catalogue.planning_world import TYPES, deal_at, item_of
from tests.core.catalogue.test_schedule_client_call import HOUR, TOMORROW, planned, told_to
from tests.core.spec import Story, action, pipeline, put, template

START = "2026-11-19T10:00Z"
FORM = [
    {"code": "from", "title": "Meeting start", "type": "datetime", "required": True},
    {"code": "until", "title": "Meeting end", "type": "datetime"},
    {"code": "ahead", "title": "Reminder", "type": "int"},
    {"code": "important", "title": "Important", "type": "bool"},
]
"""The start parameters of the worked example of the specification."""


def meeting(story: Story, **params: Any) -> Story:
    """Run the action with a subject and a start unless said otherwise."""
    return story.run("bp_schedule_meeting", **{"subject": "Meet {{field:title}}", "start": START, **params})


def by_form(**given: Any) -> Story:
    """Start the template of the worked example on a deal, with what was filled in."""
    story = deal_at()
    step = action(
        "bp_schedule_meeting", "meet", subject="Meet {{field:title}}", start="{{param:from}}", end="{{param:until}}",
        remind_in="{{param:ahead}}", remind_unit="hours", important="{{param:important}}", place="Room 1",
    )  # fmt: skip
    put(story.book, template(step, params=FORM))
    return story.begin(**given)


def test_the_worked_example() -> None:
    """The form's values are the meeting's, it exists afterwards, and a notification arrives; later the reminder."""
    story = by_form(**{"from": TOMORROW, "until": TOMORROW + 2 * HOUR, "ahead": 3, "important": True})
    found = planned(story)

    assert found == Activity(
        found.activity_id, "meeting", Personal("Meet Desk"), Personal(""), TOMORROW, TOMORROW + 2 * HOUR,
        Personal("Room 1"), "ann", True, False, TOMORROW - 3 * HOUR,
    )  # fmt: skip
    assert list(story.state.activities) == [found.activity_id]
    assert told_to(story) == [("ann", "Meeting: Meet Desk, 2026-11-19 11:00")]
    assert story.only(p.StepCompleted).results == {"activity_id": found.activity_id}
    assert story.only(p.ProcessEnded).outcome == "completed"
    assert told_to(story.wake()) == [("ann", "Reminder. Meeting: Meet Desk, 2026-11-19 11:00")]
    assert story.now == TOMORROW - 3 * HOUR


def test_what_the_form_leaves_open_is_the_default() -> None:
    """An hour, no reminder, of ordinary importance."""
    story = by_form(**{"from": TOMORROW})
    found = planned(story)
    assert (found.end, found.remind_at, found.important) == (TOMORROW + HOUR, 0, False)
    assert told_to(story) == [("ann", "Meeting: Meet Desk, 2026-11-19 11:00")]
    assert list(timers(story.state)) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"until": TOMORROW - 1}, "invalid_period"), ({"ahead": -1}, "invalid_value:remind_in")],
)
def test_a_form_that_does_not_fit_plans_nothing(given: dict[str, Any], reason: str) -> None:
    """And tells nobody of a meeting."""
    story = by_form(**{"from": TOMORROW, **given})
    assert story.only(p.StepFailed).reason == reason
    assert not story.state.activities
    assert [text for _, text in told_to(story) if text.startswith("Meeting")] == []


@pytest.mark.parametrize("item_type", TYPES)
def test_any_item_of_a_crm_may_have_it(item_type: str) -> None:
    """Clients too; the flag does no harm where there are no stages."""
    story = meeting(item_of(item_type), complete_on_status_change=True)
    assert told_to(story) == [("ann", "Meeting: Meet Desk, 2026-11-19 10:00")]
    assert story.only(effects.NotificationRequested).link == f"/items/acme/{item_type}/1"


def test_it_stands_in_the_timeline() -> None:
    """As planned, with place and time."""
    events = meeting(deal_at(), place="Room 1").last.events
    (entry,) = [found for r in events if (found := timeline_entry(r)) and "process" not in found.kind]
    assert (entry.kind, entry.facts["activity"]) == ("activity_planned", "meeting")
    assert (entry.facts["place"], entry.facts["end"]) == (Personal("Room 1"), TOMORROW + HOUR)


def test_a_reminder_already_due_and_the_planning_are_two_notifications() -> None:
    """With ids of their own."""
    story = meeting(deal_at(), remind_in=30, remind_unit="days")
    sent = [event for event in story.events if isinstance(event, effects.NotificationRequested)]

    assert [one.text.text.partition(":")[0] for one in sent] == ["Meeting", "Reminder. Meeting"]
    assert len({one.effect_id for one in sent}) == 2


def test_nobody_is_told_who_is_not_there() -> None:
    """A dismissed employee; the meeting stands."""
    story = meeting(deal_at(m.User(id="ann", name="Ann", active=False)))
    assert (told_to(story), len(story.state.activities)) == ([], 1)


@pytest.mark.parametrize(
    "change", [c.SaveItem({}, stage="won"), c.SaveItem({}, pipeline="other")], ids=["stage", "pipeline"]
)
def test_a_status_change_completes_the_flagged_one(change: c.ItemChange) -> None:
    """Together with its reminder; in the name of whoever changed it."""
    story = meeting(deal_at(pipeline("deal", "other", default=False)), subject="stays")
    meeting(story, complete_on_status_change=True, remind_in=1).when(change, actor="user:boss")
    (done,) = [r for r in story.last.events if isinstance(r.event, a.ActivityCompleted)]

    assert (done.event.reason, done.envelope.actor) == ("status_changed", "user:boss")
    assert [one.subject.text for one in story.state.activities.values()] == ["stays"]
    assert list(timers(story.state)) == []


def test_the_end_of_the_process_completes_nothing() -> None:
    """Spec 6.7: the option is about the status, whatever its title says."""
    story = meeting(deal_at(), complete_on_status_change=True)
    assert story.only(p.ProcessEnded).outcome == "completed"
    assert len(story.state.activities) == 1
