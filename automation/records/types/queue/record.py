"""Queues of employees: whose turn it is, one after the other, however many items ask at once (spec 4.13).

One queue belongs to one step of a template. A repeat of a question is dropped by its change id like any other, so it
is nobody else's turn because of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from automation.envelope import Envelope
from automation.items.changes import AskItem
from automation.plan import Answer
from automation.records.asked import texts_of
from automation.records.model import RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.queue.events import EmployeeAppointed


@dataclass(frozen=True, slots=True)
class Queue:
    """Whose turn it was last."""

    last: str = ""


def next_of(employees: Sequence[str], last: str, absent: Collection[str]) -> str:
    """Return who follows the last one, the first again behind the end or if that one has left; empty for nobody."""
    start = employees.index(last) + 1 if last in employees else 0
    turns = (*employees[start:], *employees[:start])
    return next((employee for employee in turns if employee not in absent), "")


def _appointed(queue: Queue, env: Envelope, event: EmployeeAppointed) -> Queue:
    return Queue(event.employee)


def _appoint(turn: RecordTurn, asked: AskItem) -> Answer:
    employee = next_of(texts_of(asked, "employees"), turn.body.last, texts_of(asked, "absent"))
    if not employee:
        return Answer("skipped", "no_available_employee", {})
    turn.emit(EmployeeAppointed(employee, asked.reply_to))
    return Answer("completed", "", {"employee": employee})


RECORD = RecordType(
    name="queue",
    title="Queues of employees",
    body=Queue,
    folds={EmployeeAppointed: _appointed},
    changes={},
    questions={"appoint": _appoint},
    creates=frozenset[type | str](("appoint",)),
    shows={EmployeeAppointed: lambda event: Shown(owner=event.employee)},
)
