"""Plan activities and tell who is responsible for them: the same for rules, actions and people (spec 4.40, 4.41)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from automation.dates import local
from automation.definitions.tenant_view import TenantView
from automation.envelope import Key, stable_id
from automation.items import effects
from automation.items.activity_events import ActivityPlanned
from automation.items.parts import Activity
from automation.items.state import ItemState
from automation.values import Moment, Personal, plain

_LONGEST_TITLE = 200


def remind_at(start: Moment, ahead: int | None) -> Moment:
    """Return when to remind so many milliseconds before the start; 0 for no reminder."""
    return 0 if ahead is None else max(1, start - ahead)


def planned(view: TenantView, key: Key, now: Moment, activity: Activity, created_by: str) -> Iterator[Any]:
    """Yield the events that plan an activity: a meeting's responsible is told, a reminder already due goes out."""
    due = 0 < activity.remind_at <= now
    yield ActivityPlanned(replace(activity, remind_at=0) if due else activity, created_by)
    if activity.kind == "meeting":
        effect_id = stable_id("planned", activity.activity_id, key.text)
        yield from told(view, activity.responsible, effect_id, _summary(view, activity), f"/items/{key.text}")
    if due:
        yield from reminder(view, key, activity)


def reminder(view: TenantView, key: Key, activity: Any) -> Iterator[effects.NotificationRequested]:
    """Yield the reminder of an activity, planned or as the state holds it."""
    text, effect_id = f"Reminder. {_summary(view, activity)}", stable_id("reminder", activity.activity_id, key.text)
    return told(view, activity.responsible, effect_id, text, f"/items/{key.text}")


def _summary(view: TenantView, activity: Any) -> str:
    when = f", {clock_of(view, activity.responsible, activity.start)}" if activity.start else ""
    return f"{activity.kind.capitalize()}: {activity.subject.text}{when}"


def clock_of(view: TenantView, user: str, moment: Moment) -> str:
    """Return a moment as the clock of an employee shows it."""
    clock = local(moment, view.zone_of(user))
    return f"{clock:%Y-%m-%d %H:%M}" if clock else ""


def title_of(item: ItemState) -> str:
    """Return what messages call an item: its title, else its id."""
    title = item.fields.get("title")
    return str(plain(title))[:_LONGEST_TITLE] if title else item.item_id


def told(view: TenantView, user: str, effect_id: str, text: str, link: str) -> Iterator[effects.NotificationRequested]:
    """Yield a notification of the platform to an employee; none to somebody who is gone. No step waits for it."""
    if view.directory.is_active(user):
        yield effects.NotificationRequested(effect_id, "", user, "system", Personal(text), link)
