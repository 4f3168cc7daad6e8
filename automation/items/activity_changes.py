"""Changes of planned activities that people ask for (spec 4.1, 4.40, 4.41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from automation.values import Moment, Personal

LENGTHS: Mapping[str, int] = {"activity": 0, "call": 30 * 60_000, "meeting": 60 * 60_000}
"""The kinds of activities, and how many milliseconds each takes if nobody says when it ends."""


@dataclass(frozen=True, slots=True)
class PlanActivity:
    """Plan an activity, a call or a meeting; its id follows from that of the change."""

    kind: str
    """`activity`, `call` or `meeting`."""
    subject: Personal
    description: Personal
    start: Moment
    """0 for an activity, which has no time."""
    end: Moment
    """0 for the usual length of its kind."""
    place: Personal
    responsible: str
    """Empty for the item's responsible."""
    important: bool
    complete_on_status_change: bool
    remind_before: int
    """Milliseconds before the start; -1 for no reminder."""


@dataclass(frozen=True, slots=True)
class CompleteActivity:
    """Complete a planned activity."""

    activity_id: str


@dataclass(frozen=True, slots=True)
class DeleteActivity:
    """Take a planned activity back."""

    activity_id: str
