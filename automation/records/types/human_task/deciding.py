"""What employees do with a human task: decide on it, or delegate it."""

from __future__ import annotations

from collections.abc import Mapping

from automation.definitions.models import FieldDef
from automation.errors import ChangeRefusedError
from automation.forms import FormField
from automation.items.fields import checked
from automation.items.sizes import REQUEST_LIMIT, weight
from automation.people import Directory
from automation.records.turn import RecordTurn
from automation.records.types.human_task import telling
from automation.records.types.human_task.body import OPEN, HumanTask
from automation.records.types.human_task.changes import DecideHumanTask, DelegateHumanTask
from automation.records.types.human_task.events import HumanTaskDelegated, HumanTaskVoted
from automation.records.types.human_task.settling import settle
from automation.values import Value, is_empty

LONGEST_COMMENT = 10_000
_VERDICTS: Mapping[tuple[str, str], str] = {
    ("approval", "approve"): "approved",
    ("approval", "reject"): "rejected",
    ("review", "acknowledge"): "reviewed",
    ("information", "answer"): "answered",
}


def decide(turn: RecordTurn, change: DecideHumanTask) -> None:
    """Take what an employee says, once, and end the task if that settles it."""
    verdict, values = check_decision(turn.body, turn.user, change)
    turn.emit(HumanTaskVoted(turn.user, verdict, change.comment, values, turn.body.delegated.get(turn.user, "")))
    settle(turn)


def check_decision(task: HumanTask, user: str, change: DecideHumanTask) -> tuple[str, Mapping[str, Value]]:
    """Return verdict and values of a decision; raises `ChangeRefusedError` where the employee cannot decide so."""
    _require(task, user, change.comment.text)
    verdict = _VERDICTS.get((task.kind, change.decision))
    if verdict is None:
        allowed = ", ".join(decision for kind, decision in _VERDICTS if kind == task.kind)
        raise ChangeRefusedError("invalid_value", f"decision: of this task one of {allowed}")
    return verdict, filled(task.form, change.values)


def _require(task: HumanTask, user: str, comment: str) -> None:
    if task.status != OPEN:
        raise ChangeRefusedError("not_open", f"status: the task is {task.status}")
    if user in task.voters:
        raise ChangeRefusedError("already_decided", f"user: {user[:200]} has decided")
    if user not in (*task.waiting, *task.escalated):
        raise ChangeRefusedError("not_assigned", f"user: {user[:200] or 'nobody'} is not asked")
    if len(comment) > LONGEST_COMMENT:
        raise ChangeRefusedError("invalid_value", f"comment: over {LONGEST_COMMENT} characters")


def filled(form: tuple[FormField, ...], given: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the value of each field of a form; raises `ChangeRefusedError` naming the first that is unfit."""
    found = checked({field.code: _defined(field) for field in form}, given)
    values = {field.code: _or_default(field, found.get(field.code)) for field in form}
    lacking = next((field.code for field in form if field.required and is_empty(values[field.code])), "")
    if lacking:
        raise ChangeRefusedError("missing_value", f"fields.{lacking}: is required")
    if weight(values) > REQUEST_LIMIT // 2:
        raise ChangeRefusedError("item_too_large", "fields: more than fits into an answer")
    return values


def _defined(field: FormField) -> FieldDef:
    return FieldDef.model_validate(
        {"code": field.code, "title": field.title, "type": field.type, "multiple": field.multiple,
         "options": field.options}
    )  # fmt: skip


def _or_default(field: FormField, value: Value) -> Value:
    return field.default if is_empty(value) else value


def delegate(turn: RecordTurn, change: DelegateHumanTask) -> None:
    """Let another employee decide instead; who delegated stays on record."""
    check_delegation(turn.body, turn.user, change, turn.view.directory)
    turn.emit(HumanTaskDelegated(turn.user, change.to, change.comment))
    telling.asked(turn, (change.to,), f"{telling.names(turn, (turn.user,))} delegated this to you. ")
    settle(turn)


def check_delegation(task: HumanTask, user: str, change: DelegateHumanTask, directory: Directory) -> None:
    """Raise `ChangeRefusedError` where the employee cannot delegate, or not to that one."""
    _require(task, user, change.comment.text)
    if not directory.is_active(change.to):
        raise ChangeRefusedError("unknown_user", f"to: {change.to[:200] or 'nobody'}")
    if change.to in (*task.assignees, *task.escalated, *task.voters):
        raise ChangeRefusedError("already_assigned", f"to: {change.to[:200]} is asked already")
