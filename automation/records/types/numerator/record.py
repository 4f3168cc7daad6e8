"""Numbers of documents: without gaps and without repeats, however many items ask at once (spec 4.21).

A repeat of a request is dropped by its change id like any other, so a number is taken once for each document.
"""

from __future__ import annotations

from dataclasses import dataclass

from automation.envelope import Envelope
from automation.items.changes import AskItem
from automation.plan import Answer
from automation.records.model import RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.numerator.events import NumberTaken


@dataclass(frozen=True, slots=True)
class Numerator:
    """The last number that was taken."""

    last: int = 0


def _taken(numerator: Numerator, env: Envelope, event: NumberTaken) -> Numerator:
    return Numerator(event.number)


def _next(turn: RecordTurn, asked: AskItem) -> Answer:
    """Take the next number; `at` is the moment that the document bears."""
    number = turn.body.last + 1
    turn.emit(NumberTaken(number, asked.reply_to))
    return Answer("completed", "", {"number": number, "at": turn.now})


RECORD = RecordType(
    name="numerator",
    title="Numbers of documents",
    body=Numerator,
    folds={NumberTaken: _taken},
    changes={},
    questions={"next": _next},
    creates=frozenset[type | str](("next",)),
    shows={NumberTaken: lambda event: Shown(fields={"last": event.number})},
)
