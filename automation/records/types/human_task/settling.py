"""How a human task comes to its end, and what the process that asked is told."""

from __future__ import annotations

from collections.abc import Mapping

from automation.items.effects import ItemAnswered
from automation.people import expand
from automation.records.turn import RecordTurn
from automation.records.types.human_task import events as e
from automation.records.types.human_task import telling
from automation.records.types.human_task.body import AGREED, HumanTask, count, outcome
from automation.values import Personal, Value

GONE = "no_recipient"
WITHDRAWN = "withdrawn"


def settle(turn: RecordTurn) -> None:
    """Let the dismissed drop out, and end the task once its outcome is certain, or nobody is left to decide."""
    gone = _gone(turn)
    if gone:
        turn.emit(e.HumanTaskChecked(gone))
    if not outcome(turn.body) and not _deciders(turn):
        escalate(turn)
    decided = outcome(turn.body) or ("" if _deciders(turn) else GONE)
    if decided:
        close(turn, decided, turn.body.votes[-1].by if decided != GONE else "")


def _gone(turn: RecordTurn) -> tuple[str, ...]:
    return tuple(user for user in turn.body.waiting if not turn.view.directory.is_active(user))


def _deciders(turn: RecordTurn) -> tuple[str, ...]:
    active = turn.view.directory.is_active
    return tuple(user for user in (*turn.body.waiting, *turn.body.escalated) if active(user))


def escalate(turn: RecordTurn) -> None:
    """Let those it escalates to decide as well; they and those who have not decided are told."""
    task: HumanTask = turn.body
    if not task.escalate_to:
        return
    people = expand(task.escalate_to, turn.view.directory, {})
    turn.emit(e.HumanTaskEscalated(people))
    late = telling.names(turn, task.waiting)
    telling.asked(turn, people, f"Escalated, not decided by {late}. " if late else "Escalated. ")
    for user in task.waiting:
        if people and user not in people:
            telling.tell(turn, user, f"Escalated to {telling.names(turn, people)}: {task.title.text}")


def close(turn: RecordTurn, status: str, by: str = "") -> None:
    """End the task; the process gets the decision, unless it is what called the task off."""
    task: HumanTask = turn.body
    found = count(task)
    turn.emit(e.HumanTaskClosed(status, by, found.yes, found.no, found.asked))
    if status == WITHDRAWN or not task.reply_to:
        return
    answer = ("failed", GONE, {}) if status == GONE else ("completed", "", results(turn, task, status, by))
    turn.emit(ItemAnswered(task.effect_id, task.run_id, task.reply_to, *answer))


def results(turn: RecordTurn, task: HumanTask, status: str, by: str) -> Mapping[str, Value]:
    """Return what the step publishes: the decision, the comments, how many said what, and the values of a form."""
    found = count(task)
    counts: dict[str, Value] = {AGREED[task.kind]: found.yes, "rejected": found.no, "asked": found.asked}
    filled = {code: value for vote in task.votes for code, value in vote.values.items()}
    said = Personal(_comments(turn, task))
    return {**counts, **filled, "decision": status, "decided_by": by or None, "comment": said}


def _comments(turn: RecordTurn, task: HumanTask) -> str:
    """Return the comment, or several with the names of their authors, one a line."""
    said = [(vote.by, vote.comment.text) for vote in task.votes if vote.comment.text]
    if len(task.votes) == 1 or not said:
        return said[0][1] if said else ""
    return "\n".join(f"{telling.names(turn, (by,))}: {text}" for by, text in said)
