"""What an item's log says of people that its processes ask; what becomes of it is in the log of the human task."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Moment, Personal


@dataclass(frozen=True, slots=True)
class PeopleAsked:
    """People are asked, and the process waits for what they say."""

    task_id: str
    """Of the human task, a record of its own."""
    kind: str
    """`approval`, `review` or `information`."""
    title: Personal
    assignees: tuple[str, ...]
    deadline: Moment
    """0 for none."""


@dataclass(frozen=True, slots=True)
class PeopleDecided:
    """They said it, or did not in time."""

    task_id: str
    kind: str
    title: Personal
    decision: str
    """`approved`, `rejected`, `reviewed`, `answered` or `expired`."""
    decided_by: str
    comment: Personal
