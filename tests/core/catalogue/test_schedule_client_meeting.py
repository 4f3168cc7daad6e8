"""The rule `schedule_client_meeting` (spec 4.41, 3.3); what it shares with calls stands in their test."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import activity_changes as ac
from automation.items import activity_events as a
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Personal
from tests.core.catalogue.test_schedule_client_call import HOUR, NOW, TOMORROW, call, planned, story, told_to
from tests.core.spec import Story, pipeline, rule


def meeting(**params: Any) -> m.Rule:
    """Return the rule."""
    return call("schedule_client_meeting", **params)


def test_a_meeting_is_planned_and_its_employee_told() -> None:
    """It takes an hour; the notification comes besides the reminder."""
    told = story(meeting(place="Room 1", remind_in=1, remind_unit="hours"))
    found = planned(told)

    assert told.kinds() == ["StageMoved", "ActivityPlanned", "NotificationRequested", "RuleRunCompleted"]
    assert (found.kind, found.place.text, found.end) == ("meeting", "Room 1", TOMORROW + HOUR)
    assert told_to(told) == [("ann", "Meeting: Ring Desk, 2026-11-19 11:00")]
    assert told.only(e.RuleRunCompleted).results == {"activity_id": found.activity_id}
    assert told_to(told.wake()) == [("ann", "Reminder. Meeting: Ring Desk, 2026-11-19 11:00")]
    assert told.now == TOMORROW - HOUR


def test_a_reminder_already_due_and_the_planning_are_two_notifications() -> None:
    """With ids of their own."""
    told = story(meeting(remind_in=30, remind_unit="days"))
    sent = [event for event in told.events if isinstance(event, effects.NotificationRequested)]

    assert [one.text.text.partition(":")[0] for one in sent] == ["Meeting", "Reminder. Meeting"]
    assert len({one.effect_id for one in sent}) == 2


def test_a_meeting_that_ends_before_it_starts_fails() -> None:
    """As a call does."""
    told = story(meeting(end="{{field:ring_until}}"), ring_until=TOMORROW - 1)
    assert told.only(e.RuleRunFailed).reason == "invalid_period"


def flagged(*more: m.Definition) -> Story:
    """Return a deal with a meeting that is over when the status changes, and a call beside it."""
    beside = rule("beside", "schedule_client_call", "assembly", {"subject": "x", "start": "{{field:ring}}"}, order=1)
    return story(meeting(complete_on_status_change=True, remind_in=1), beside, *more)


@pytest.mark.parametrize(
    "change", [c.SaveItem({}, stage="won"), c.SaveItem({}, pipeline="other")], ids=["stage", "pipeline"]
)
def test_it_is_completed_when_the_status_changes(change: c.ItemChange) -> None:
    """In the name of whoever changed it; pipeline moves count, other activities stay."""
    told = flagged(pipeline("deal", "other", default=False)).when(change, actor="user:boss")

    done = told.only(a.ActivityCompleted)
    assert done.reason == "status_changed"
    assert done.activity_id not in told.state.activities
    assert [one.kind for one in told.state.activities.values()] == ["call"]
    assert told.last.events[1].envelope.actor == "user:boss"
    assert [recorded.event for recorded in told.last.events][1] == done


def test_a_save_without_a_status_change_leaves_it_open() -> None:
    """So does a status that stays."""
    told = flagged().when(c.SaveItem({"title": "x"}, stage="assembly"))
    assert len(told.state.activities) == 2


def test_a_completed_meeting_is_never_reopened() -> None:
    """Coming back plans a new one."""
    told = flagged().when(c.SaveItem({}, stage="won")).when(c.SaveItem({}, stage="assembly"))

    assert len([one for one in told.state.activities.values() if one.kind == "meeting"]) == 1
    assert len({event.activity.activity_id for event in told.events if isinstance(event, a.ActivityPlanned)}) == 2


def test_people_plan_complete_and_take_back() -> None:
    """By hand, with the same defaults; what is not open is no longer there to end."""
    told = story(meeting(), title="Desk")
    plan = ac.PlanActivity("activity", *_texts("Look", ""), 0, 0, *_texts(""), "", True, True, -1)
    told.when(plan)
    mine = planned(told)

    assert (mine.start, mine.end, mine.responsible, mine.remind_at) == (0, 0, "ann", 0)
    assert told.only(a.ActivityPlanned).created_by == "ann"
    assert told.when(ac.CompleteActivity(mine.activity_id)).only(a.ActivityCompleted).reason == "done"
    assert told.when(ac.CompleteActivity(mine.activity_id)).only(e.ChangeSeen).reason == "no_open_activity"
    (left,) = told.state.activities
    assert told.when(ac.DeleteActivity(left)).kinds() == ["ActivityDeleted"]
    assert not told.state.activities


def _texts(*texts: str) -> list[Any]:
    return [Personal(text) for text in texts]


def test_a_planned_activity_is_no_change_of_the_item() -> None:
    """Spec 5.2: it fires no trigger."""
    watch = m.Trigger(
        id="watch", type="track_field_change", item_type="deal", pipeline="main", stage="won",
        params={"fields": ["title"]},
    )  # fmt: skip
    told = story(meeting(), watch)
    assert told.now == NOW
    assert told.state.stage == "assembly"
