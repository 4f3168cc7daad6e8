"""The exceptions list: each contact point and each item on it is a record of its own (spec 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.envelope import Envelope
from automation.items.changes import AskItem
from automation.plan import Answer
from automation.records.asked import text_of
from automation.records.model import RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.exception.changes import RemoveException
from automation.records.types.exception.events import ExceptionListed, ExceptionRemoved
from automation.records.types.exception.ids import EXCEPTION, IS_LISTED, LIST
from automation.values import Personal


@dataclass(frozen=True, slots=True)
class Entry:
    """Whether it is on the list now."""

    listed: bool = False


def _listed(entry: Entry, env: Envelope, event: ExceptionListed) -> Entry:
    return Entry(listed=True)


def _removed(entry: Entry, env: Envelope, event: ExceptionRemoved) -> Entry:
    return Entry(listed=False)


def _list(turn: RecordTurn, asked: AskItem) -> Answer:
    """Put it on the list; what is there already stays as it is."""
    if not turn.body.listed:
        kind, value, item = (text_of(asked, code) for code in ("kind", "value", "item"))
        turn.emit(ExceptionListed(kind, Personal(value), item))
    return Answer("completed", "", {})


def _is_listed(turn: RecordTurn, asked: AskItem) -> Answer:
    return Answer("completed", "", {"listed": turn.body.listed})


def _remove(turn: RecordTurn, change: RemoveException) -> None:
    if turn.body.listed:
        turn.emit(ExceptionRemoved(turn.user or "system"))


def _show_listed(event: ExceptionListed) -> Shown:
    marks = (("item", event.item),) if event.item else ()
    return Shown(event.value.text, "listed", fields={"kind": event.kind}, add=marks, text=event.value.text)


RECORD = RecordType(
    name=EXCEPTION,
    title="Entry of the exceptions list",
    body=Entry,
    folds={ExceptionListed: _listed, ExceptionRemoved: _removed},
    changes={RemoveException: _remove},
    questions={LIST: _list, IS_LISTED: _is_listed},
    creates=frozenset[type | str]((LIST, IS_LISTED)),
    shows={ExceptionListed: _show_listed, ExceptionRemoved: lambda _: Shown(status="removed")},
)
