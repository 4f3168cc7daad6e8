"""The open tasks that automation made for an item: tasks tell it of themselves, and it may end them (spec 4.30)."""

from __future__ import annotations

from automation.envelope import Key
from automation.items import changes as c
from automation.items import events as e
from automation.items.task_events import TaskEndNoted, TaskOpenNoted
from automation.items.turn import Turn

MOST = 1_000
"""Open tasks of automation that an item knows; one more is not ended with the others."""
QUESTION = "end_task"


def target_of(key: Key, task_id: str) -> str:
    """Return the Kafka key of a task of the item's tenant."""
    return Key(key.tenant, "task", task_id).text


def take(turn: Turn, told: c.AskItem) -> None:
    """Note that a task is open, or that it is completed; a repeat is nothing."""
    task_id, pipeline, stage = (str(told.args.get(name, "")) for name in ("task_id", "pipeline", "stage"))
    tasks = turn.state.tasks
    if told.question == "task_open" and task_id not in tasks and len(tasks) < MOST:
        turn.emit(TaskOpenNoted(task_id, pipeline, stage))
    elif told.question == "task_end" and task_id in tasks:
        turn.emit(TaskEndNoted(task_id))
    else:
        turn.emit(e.ChangeSeen("no_change"))
