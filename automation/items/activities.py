"""Activities of an item: planning, completing, reminding (spec 4.1, 4.40, 4.41, 6.3)."""

from __future__ import annotations

from automation.envelope import stable_id
from automation.errors import ChangeRefusedError
from automation.items import activity_changes as c
from automation.items import activity_events as a
from automation.items import events as e
from automation.items import planning
from automation.items.parts import Activity
from automation.items.turn import Turn

TIMER = "reminder:"
"""What the timer of a reminder begins with, before the activity's id."""


def plan(turn: Turn, change: c.PlanActivity) -> None:
    """Plan what somebody asked for; raises `ChangeRefusedError` for a period that ends before it starts."""
    end = change.end or (change.start + c.LENGTHS[change.kind] if change.start else 0)
    if end < change.start:
        raise ChangeRefusedError("invalid_period", "end: before the start")
    ahead = change.remind_before if change.remind_before >= 0 and change.start else None
    activity = Activity(
        stable_id("activity", turn.key_text, turn.change_id), change.kind, change.subject, change.description,
        change.start, end, change.place, change.responsible or turn.state.responsible, change.important,
        change.complete_on_status_change, planning.remind_at(change.start, ahead),
    )  # fmt: skip
    for event in planning.planned(turn.view, turn.key, turn.now, activity, turn.actor.removeprefix("user:")):
        turn.emit(event)


def complete(turn: Turn, change: c.CompleteActivity) -> None:
    """Complete an open activity."""
    _end(turn, change.activity_id, a.ActivityCompleted(change.activity_id, "done"))


def delete(turn: Turn, change: c.DeleteActivity) -> None:
    """Take an open activity back."""
    _end(turn, change.activity_id, a.ActivityDeleted(change.activity_id))


def _end(turn: Turn, activity_id: str, event: a.ActivityCompleted | a.ActivityDeleted) -> None:
    turn.emit(event if activity_id in turn.state.activities else e.ChangeSeen("no_open_activity"))


def on_status_changed(turn: Turn) -> None:
    """Complete the activities that end with the status, in the name of whoever changed it."""
    for activity in tuple(turn.state.activities.values()):
        if activity.complete_on_status_change:
            turn.emit(a.ActivityCompleted(activity.activity_id, "status_changed"))


def remind(turn: Turn, activity_id: str) -> None:
    """Send a reminder whose time has come."""
    activity = turn.state.activities[activity_id]
    turn.emit(a.ActivityReminded(activity_id))
    for event in planning.reminder(turn.view, turn.key, activity):
        turn.emit(event)
