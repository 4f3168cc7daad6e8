"""Human tasks: what a business process asks people, and waits for (approval, review, information)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from automation.forms import FormField, InvalidFormError, read_form
from automation.items.changes import AskItem
from automation.plan import Answer
from automation.records.asked import moment_of, text_of, texts_of
from automation.records.model import Mark, RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.human_task import events as e
from automation.records.types.human_task import telling
from automation.records.types.human_task.body import AGREED, OPEN, POLICIES, HumanTask, at_deadline
from automation.records.types.human_task.changes import DecideHumanTask, DelegateHumanTask
from automation.records.types.human_task.deciding import decide, delegate
from automation.records.types.human_task.folds import FOLDS
from automation.records.types.human_task.settling import WITHDRAWN, close, escalate, settle
from automation.values import Moment, Personal

_ASSIGNEE, _MEMBER = "assignee", "member"
"""Marks: those whose decision is missing, and all who were ever asked."""


# --- what processes ask --------------------------------------------------------------------------------------


def _ask(turn: RecordTurn, asked: AskItem) -> Answer | None:
    """Ask people; the answer comes when it is decided. A repeat finds the task there."""
    if not turn.exists:
        form = _form(asked)
        if form is None or text_of(asked, "kind") not in AGREED or text_of(asked, "policy") not in POLICIES:
            return Answer("failed", "invalid_question", {})
        turn.emit(_opened(asked, form))
        telling.asked(turn, turn.body.assignees)
        settle(turn)
    return None


def _form(asked: AskItem) -> tuple[FormField, ...] | None:
    """Read the form that comes with a question; None for what is none."""
    text = text_of(asked, "form")
    try:
        return read_form(text) if text else ()
    except InvalidFormError:
        return None


def _opened(asked: AskItem, form: tuple[FormField, ...]) -> e.HumanTaskOpened:
    def text(name: str) -> str:
        return text_of(asked, name)

    return e.HumanTaskOpened(
        text("kind"), Personal(text("title")), Personal(text("text")), texts_of(asked, "assignees"), text("policy"),
        moment_of(asked, "quorum"), moment_of(asked, "deadline"), texts_of(asked, "escalate_to"),
        moment_of(asked, "escalate_at"), moment_of(asked, "remind_every"), form,
        text("item"), text("step"), text("instance_id"), text("asked_by"), asked.effect_id, asked.run_id,
        asked.reply_to,
    )  # fmt: skip


def _withdraw(turn: RecordTurn, _asked: AskItem) -> Answer:
    """Call the task off: the step has ended without it."""
    if turn.body.status == OPEN:
        close(turn, WITHDRAWN)
    return Answer("completed", "", {})


# --- timers --------------------------------------------------------------------------------------------------


def _timers(task: HumanTask) -> Iterable[tuple[Moment, str]]:
    """Return when the task wants to be woken."""
    if task.status != OPEN:
        return ()
    escalates = task.escalate_at if task.escalate_to else 0
    named = ((task.deadline, "deadline"), (escalates, "escalate"), (task.remind_at, "remind"), (task.check_at, "check"))
    return tuple(one for one in named if one[0])


def _expire(turn: RecordTurn) -> None:
    close(turn, at_deadline(turn.body))


def _escalate(turn: RecordTurn) -> None:
    escalate(turn)
    settle(turn)


def _remind(turn: RecordTurn) -> None:
    task: HumanTask = turn.body
    turn.emit(e.HumanTaskReminded())
    late = [user for user in task.escalated if user not in (*task.waiting, *task.voters)]
    telling.asked(turn, (*task.waiting, *late), "Reminder. ")
    settle(turn)


def _check(turn: RecordTurn) -> None:
    settle(turn)
    if not turn.events:
        turn.emit(e.HumanTaskChecked(()))


_DUE: Mapping[str, Callable[[RecordTurn], None]] = {
    "deadline": _expire, "escalate": _escalate, "remind": _remind, "check": _check
}  # fmt: skip


def _fire(turn: RecordTurn, timer: str) -> None:
    if turn.body.status == OPEN:
        _DUE[timer](turn)


# --- how it is found and read --------------------------------------------------------------------------------


def _show_opened(event: e.HumanTaskOpened) -> Shown:
    facts: dict[str, Any] = {
        "kind": event.kind, "policy": event.policy, "item": event.item, "deadline": event.deadline or None,
        "step": event.step, "instance_id": event.instance_id,
    }  # fmt: skip
    marks = (*_marks(event.assignees), ("item", event.item))
    return Shown(event.title.text, OPEN, event.asked_by, facts, marks, text=f"{event.title.text}\n{event.text.text}")


def _marks(people: Iterable[str]) -> tuple[Mark, ...]:
    return tuple((relation, user) for user in people for relation in (_ASSIGNEE, _MEMBER))


def _show_closed(event: e.HumanTaskClosed) -> Shown:
    counts: dict[str, Any] = {"agreed": event.agreed, "rejected": event.rejected, "asked": event.asked}
    return Shown(status=event.status, fields={"decided_by": event.by or None, **counts})


RECORD = RecordType(
    name="human_task",
    title="Human task",
    body=HumanTask,
    folds=FOLDS,
    changes={DecideHumanTask: decide, DelegateHumanTask: delegate},
    questions={"ask_people": _ask, "withdraw": _withdraw},
    creates=frozenset[type | str](("ask_people",)),
    shows={
        e.HumanTaskOpened: _show_opened,
        e.HumanTaskVoted: lambda event: Shown(remove=((_ASSIGNEE, event.by),)),
        e.HumanTaskDelegated: lambda event: Shown(add=_marks((event.to,)), remove=((_ASSIGNEE, event.by),)),
        e.HumanTaskEscalated: lambda event: Shown(add=_marks(event.people)),
        e.HumanTaskChecked: lambda event: Shown(remove=tuple((_ASSIGNEE, user) for user in event.gone)),
        e.HumanTaskClosed: _show_closed,
    },
    entries=(e.HumanTaskVoted, e.HumanTaskDelegated, e.HumanTaskEscalated, e.HumanTaskClosed),
    reads_from=lambda task, user: 0 if user in task.involved else None,
    timers=_timers,
    fire=_fire,
)
