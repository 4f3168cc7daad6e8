"""Fold what an item learns of its tasks into its state; what a released event means never changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from automation.envelope import Envelope
from automation.items.parts import OpenTask
from automation.items.task_events import TaskEndNoted, TaskOpenNoted

if TYPE_CHECKING:
    from automation.items.state import ItemState


def _open(state: ItemState, env: Envelope, event: TaskOpenNoted) -> dict[str, Any]:
    return {"tasks": {**state.tasks, event.task_id: OpenTask(event.pipeline, event.stage)}}


def _end(state: ItemState, env: Envelope, event: TaskEndNoted) -> dict[str, Any]:
    return {"tasks": {name: one for name, one in state.tasks.items() if name != event.task_id}}


FOLDS: Mapping[type, Callable[[Any, Envelope, Any], dict[str, Any]]] = {TaskOpenNoted: _open, TaskEndNoted: _end}
