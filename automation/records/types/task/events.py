"""The events of a task (spec 3.3 `create_task`, 4.30)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Moment, Personal


@dataclass(frozen=True, slots=True)
class TaskCreated:
    """The task exists from now on, and is open."""

    title: Personal
    description: Personal
    responsible: str
    created_by: str
    deadline: Moment
    """0 for none."""
    important: bool
    origin: str
    """`automation` for rules and processes, `manual` for people: automation never ends what people made (4.30)."""
    item: str
    """`type/id` of the item that it is linked to; empty for none."""
    pipeline: str
    stage: str
    """Pipeline and stage of the item when the rule or step began."""


@dataclass(frozen=True, slots=True)
class TaskEdited:
    """The task has another title, responsible, deadline or importance: what it has from now on."""

    title: Personal
    responsible: str
    deadline: Moment
    important: bool


@dataclass(frozen=True, slots=True)
class TaskCompleted:
    """The task is done."""

    by: str
    """The employee, or on whose behalf automation did it."""


@dataclass(frozen=True, slots=True)
class TaskReopened:
    """The task is open again."""

    by: str


@dataclass(frozen=True, slots=True)
class TaskReminded:
    """The deadline is near; the notification, if there is somebody to get it, is the next event."""
