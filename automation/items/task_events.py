"""What an item learns of the tasks that automation made for it (spec 4.30)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskOpenNoted:
    """A task of automation is open: it was made, or opened again."""

    task_id: str
    pipeline: str
    stage: str
    """Where the item stood when the rule or step that made the task began."""


@dataclass(frozen=True, slots=True)
class TaskEndNoted:
    """A task of automation is completed."""

    task_id: str
