"""Tasks: work with a responsible employee and perhaps a deadline, linked to an item (spec 3.3, 4.30)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from automation.dates import DAY
from automation.envelope import Envelope, stable_id
from automation.errors import ChangeRefusedError
from automation.items import effects
from automation.items.changes import AskItem
from automation.items.door import LAST_MOMENT, LONGEST_ID
from automation.items.events import ChangeSeen
from automation.items.planning import clock_of, told
from automation.plan import Answer
from automation.records.asked import flag_of, moment_of, text_of
from automation.records.model import RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.task.changes import CompleteTask, CreateTask, EditTask, ReopenTask
from automation.records.types.task.events import TaskCompleted, TaskCreated, TaskEdited, TaskReminded, TaskReopened
from automation.values import Moment, Personal

AHEAD = DAY
"""How long before its deadline the responsible is reminded of an open task; at once where less time is left."""
_TIMER = "deadline"
_LONGEST_TITLE = 1_000


@dataclass(frozen=True, slots=True)
class Task:
    """What later decisions on a task need."""

    title: Personal = Personal("")  # noqa: RUF009 - frozen
    responsible: str = ""
    deadline: Moment = 0
    important: bool = False
    completed: bool = False
    origin: str = ""
    item: str = ""
    pipeline: str = ""
    stage: str = ""
    reminded: bool = False


# --- folds ---------------------------------------------------------------------------------------------------


def _created(task: Task, env: Envelope, event: TaskCreated) -> Task:
    return Task(
        event.title, event.responsible, event.deadline, event.important, False, event.origin, event.item,
        event.pipeline, event.stage,
    )  # fmt: skip


def _edited(task: Task, env: Envelope, event: TaskEdited) -> Task:
    moved = event.deadline != task.deadline
    return replace(
        task, title=event.title, responsible=event.responsible, deadline=event.deadline, important=event.important,
        reminded=task.reminded and not moved,
    )  # fmt: skip


def _completed(task: Task, env: Envelope, event: TaskCompleted) -> Task:
    return replace(task, completed=True)


def _reopened(task: Task, env: Envelope, event: TaskReopened) -> Task:
    return replace(task, completed=False)


def _reminded(task: Task, env: Envelope, event: TaskReminded) -> Task:
    return replace(task, reminded=True)


# --- reminders -----------------------------------------------------------------------------------------------


def _timers(task: Task) -> Iterable[tuple[Moment, str]]:
    open_one = task.deadline and not task.completed and not task.reminded
    return ((max(1, task.deadline - AHEAD), _TIMER),) if open_one else ()


def _remind(turn: RecordTurn, _timer: str = _TIMER) -> None:
    """Remind the responsible; the link leads to the task's item, else to the task."""
    task: Task = turn.body
    turn.emit(TaskReminded())
    text = f"Deadline {clock_of(turn.view, task.responsible, task.deadline)}. Task: {task.title.text}"
    link = f"/items/{turn.key.tenant}/{task.item}" if task.item else f"/tasks/{turn.key.item_id}"
    effect_id = stable_id("deadline", turn.key_text, task.deadline)
    for event in told(turn.view, task.responsible, effect_id, text, link):
        turn.emit(event)


def _remind_if_due(turn: RecordTurn) -> None:
    if any(due <= turn.now for due, _ in _timers(turn.body)):
        _remind(turn)


# --- what its item knows -------------------------------------------------------------------------------------


def _tell_item(turn: RecordTurn, what: str) -> None:
    """Tell the item of a task of automation that it is open, or completed: so a process can end it (spec 4.30)."""
    task: Task = turn.body
    if task.origin == "automation" and task.item:
        effect_id = stable_id(what, turn.key_text, turn.state.version)
        fact = {"task_id": turn.key.item_id, "pipeline": task.pipeline, "stage": task.stage}
        turn.emit(effects.ItemAsked(effect_id, "", f"{turn.key.tenant}/{task.item}", what, fact))


# --- what rules ask ------------------------------------------------------------------------------------------


def _create_by_rule(turn: RecordTurn, asked: AskItem) -> Answer:
    """Make a task for an item; a repeat finds it there."""
    if not turn.exists:
        texts = ("responsible", "created_by", "item", "pipeline", "stage")
        responsible, author, item, pipeline, stage = (text_of(asked, code) for code in texts)
        title, description = (Personal(text_of(asked, code)) for code in ("title", "description"))
        turn.emit(
            TaskCreated(
                title, description, responsible, author, moment_of(asked, "deadline"), flag_of(asked, "important"),
                "automation", item, pipeline, stage,
            )
        )  # fmt: skip
        _tell_item(turn, "task_open")
        _remind_if_due(turn)
    return Answer("completed", "", {"task_id": turn.key.item_id})


def _end_by_rule(turn: RecordTurn, asked: AskItem) -> Answer:
    """Complete an open task of automation on behalf of an employee; never one that people made (spec 4.30)."""
    if turn.body.origin != "automation":
        return Answer("skipped", "manual_task", {})
    if turn.body.completed:
        return Answer("skipped", "already_completed", {})
    _complete_by(turn, text_of(asked, "by"))
    return Answer("completed", "", {})


# --- what users do -------------------------------------------------------------------------------------------


def _create(turn: RecordTurn, change: CreateTask) -> None:
    if turn.exists:
        turn.emit(ChangeSeen("already_exists"))
        return
    _check(turn, change.title, change.responsible or turn.user, change.deadline)
    if (change.item and change.item.count("/") < 1) or len(change.item) > 2 * LONGEST_ID:
        raise ChangeRefusedError("invalid_value", "item: not of the form type/id")
    turn.emit(
        TaskCreated(
            change.title, change.description, change.responsible or turn.user, turn.user or "system", change.deadline,
            change.important, "manual", change.item, "", "",
        )
    )  # fmt: skip
    _remind_if_due(turn)


def _check(turn: RecordTurn, title: Personal, responsible: str, deadline: Moment) -> None:
    if not title.text.strip() or len(title.text) > _LONGEST_TITLE:
        raise ChangeRefusedError("invalid_value", f"title: empty, or over {_LONGEST_TITLE} characters")
    if not turn.view.directory.is_active(responsible):
        raise ChangeRefusedError("unknown_user", f"responsible: {responsible[:200] or 'there is none'}")
    if not 0 <= deadline <= LAST_MOMENT:
        raise ChangeRefusedError("invalid_value", "deadline: outside the years 1970 to 9999")


def _edit(turn: RecordTurn, change: EditTask) -> None:
    task: Task = turn.body
    edited = TaskEdited(
        task.title if change.title is None else change.title,
        task.responsible if change.responsible is None else change.responsible,
        task.deadline if change.deadline is None else change.deadline,
        task.important if change.important is None else change.important,
    )
    if edited == TaskEdited(task.title, task.responsible, task.deadline, task.important):
        return
    _check(turn, edited.title, edited.responsible, edited.deadline)
    turn.emit(edited)
    _remind_if_due(turn)


def _complete(turn: RecordTurn, _change: CompleteTask) -> None:
    if not turn.body.completed:
        _complete_by(turn, turn.user or "system")


def _complete_by(turn: RecordTurn, by: str) -> None:
    turn.emit(TaskCompleted(by))
    _tell_item(turn, "task_end")


def _reopen(turn: RecordTurn, _change: ReopenTask) -> None:
    if turn.body.completed:
        turn.emit(TaskReopened(turn.user or "system"))
        _tell_item(turn, "task_open")
        _remind_if_due(turn)


# --- how it is found and read --------------------------------------------------------------------------------


def _show_created(event: TaskCreated) -> Shown:
    stamp: dict[str, Any] = {"origin": event.origin, "pipeline": event.pipeline, "stage": event.stage}
    told_of: dict[str, Any] = {"created_by": event.created_by, "description": event.description, "item": event.item}
    marks = (("item", event.item),) if event.item else ()
    return Shown(
        event.title.text, "open", event.responsible, {**_facts(event), **stamp, **told_of}, marks, text=event.title.text
    )


def _show_edited(event: TaskEdited) -> Shown:
    return Shown(event.title.text, owner=event.responsible, fields=_facts(event), text=event.title.text)


def _facts(event: TaskCreated | TaskEdited) -> dict[str, Any]:
    return {"deadline": event.deadline or None, "important": event.important}


RECORD = RecordType(
    name="task",
    title="Task",
    body=Task,
    folds={
        TaskCreated: _created,
        TaskEdited: _edited,
        TaskCompleted: _completed,
        TaskReopened: _reopened,
        TaskReminded: _reminded,
    },
    changes={CreateTask: _create, EditTask: _edit, CompleteTask: _complete, ReopenTask: _reopen},
    questions={"create_task": _create_by_rule, "end_task": _end_by_rule},
    creates=frozenset[type | str]((CreateTask, "create_task")),
    shows={
        TaskCreated: _show_created,
        TaskEdited: _show_edited,
        TaskCompleted: lambda _: Shown(status="completed"),
        TaskReopened: lambda _: Shown(status="open"),
    },
    timers=_timers,
    fire=_remind,
)
