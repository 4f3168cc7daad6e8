"""The activities of an item: planned, completed, taken back (spec 4.1, 4.40, 4.41)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from automation.envelope import Recorded
from automation.items import activity_events as a
from automation.items.parts import Activity
from automation.values import Moment


class ActivityEntry(NamedTuple):
    """One activity with what became of it; `actor` is who planned it: a user, rule, process or `system`."""

    activity: Activity
    status: str
    """`planned`, `completed` or `deleted`."""
    planned_at: Moment
    created_by: str
    actor: str
    reminded_at: Moment
    """0 unless a reminder was sent later than the activity was planned."""
    ended_at: Moment
    ended_by: str
    """The actor who ended it."""
    reason: str
    """`done` or `status_changed`."""


def activities(events: Iterable[Recorded]) -> list[ActivityEntry]:
    """Fold the events of an item, oldest first, into its activities in the order in which they were planned."""
    found: dict[str, ActivityEntry] = {}
    for env, event in events:
        match event:
            case a.ActivityPlanned(one, author):
                entry = ActivityEntry(one, "planned", env.recorded_at, author, env.actor, 0, 0, "", "")
                found[one.activity_id] = entry
            case a.ActivityReminded(named):
                found[named] = found[named]._replace(reminded_at=env.recorded_at)
            case a.ActivityCompleted(named, reason):
                found[named] = _ended(found[named], "completed", env.recorded_at, env.actor, reason)
            case a.ActivityDeleted(named):
                found[named] = _ended(found[named], "deleted", env.recorded_at, env.actor, "")
    return list(found.values())


def _ended(entry: ActivityEntry, status: str, at: Moment, by: str, reason: str) -> ActivityEntry:
    return entry._replace(status=status, ended_at=at, ended_by=by, reason=reason)
