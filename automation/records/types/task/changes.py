"""What users do with tasks themselves."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Moment, Personal


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Create a task; without a responsible it is the one of whoever creates it."""

    title: Personal
    description: Personal = Personal("")  # noqa: RUF009 - frozen
    responsible: str = ""
    deadline: Moment = 0
    """0 for none."""
    important: bool = False
    item: str = ""
    """`type/id` of the item that it belongs to."""


@dataclass(frozen=True, slots=True)
class EditTask:
    """Change a task; what is `None` stays as it is, a deadline of 0 is none."""

    title: Personal | None = None
    responsible: str | None = None
    deadline: Moment | None = None
    important: bool | None = None


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """Complete the task."""


@dataclass(frozen=True, slots=True)
class ReopenTask:
    """Open a completed task again."""
