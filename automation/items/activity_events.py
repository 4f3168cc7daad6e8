"""Events of planned activities: work, calls and meetings that belong to their item (spec 4.1, 4.40, 4.41)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.items.parts import Activity


@dataclass(frozen=True, slots=True)
class ActivityPlanned:
    """An activity stands in the timeline as planned."""

    activity: Activity
    created_by: str


@dataclass(frozen=True, slots=True)
class ActivityCompleted:
    """The activity is done: by a user, or because the item's status changed or the lead was converted."""

    activity_id: str
    reason: str
    """`done`, `status_changed` or `converted`."""


@dataclass(frozen=True, slots=True)
class ActivityDeleted:
    """The activity was taken back; its reminder, too."""

    activity_id: str


@dataclass(frozen=True, slots=True)
class ActivityReminded:
    """The time of the reminder has come; the notification, if there is somebody to get it, is the next event."""

    activity_id: str
