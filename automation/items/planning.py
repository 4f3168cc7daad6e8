"""Plan activities and tell who is responsible for them: the same for rules, actions and people (spec 4.40, 4.41)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from automation.dates import local
from automation.definitions.book import TenantView
from automation.envelope import Key, stable_id
from automation.items import effects
from automation.items.activity_events import ActivityPlanned
from automation.items.parts import Activity
from automation.values import Moment, Personal


def remind_at(start: Moment, ahead: int | None) -> Moment:
    """Return when to remind so many milliseconds before the start; 0 for no reminder."""
    return 0 if ahead is None else max(1, start - ahead)


def planned(view: TenantView, key: Key, now: Moment, activity: Activity, created_by: str) -> Iterator[Any]:
    """Yield the events that plan an activity: a meeting's responsible is told, a reminder already due goes out."""
    due = 0 < activity.remind_at <= now
    yield ActivityPlanned(replace(activity, remind_at=0) if due else activity, created_by)
    if activity.kind == "meeting":
        yield from told(view, key, activity.responsible, ("planned", activity.activity_id), summary(view, activity))
    if due:
        yield from reminder(view, key, activity)


def reminder(view: TenantView, key: Key, activity: Any) -> Iterator[effects.NotificationRequested]:
    """Yield the reminder of an activity, planned or as the state holds it."""
    text = f"Reminder. {summary(view, activity)}"
    return told(view, key, activity.responsible, ("reminder", activity.activity_id), text)


def summary(view: TenantView, activity: Any) -> str:
    """Return an activity in a line, its start as the responsible's clock shows it."""
    clock = local(activity.start, view.zone_of(activity.responsible)) if activity.start else None
    when = f", {clock:%Y-%m-%d %H:%M}" if clock else ""
    return f"{activity.kind.capitalize()}: {activity.subject.text}{when}"


def told(
    view: TenantView, key: Key, user: str, what: tuple[str, ...], text: str
) -> Iterator[effects.NotificationRequested]:
    """Yield a notification of the platform to an employee; none to somebody who is gone. No step waits for it."""
    if view.directory.is_active(user):
        effect_id = stable_id(*what, key.text)
        yield effects.NotificationRequested(effect_id, "", user, "system", Personal(text), f"/items/{key.text}")
