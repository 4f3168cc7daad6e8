"""The exceptions list: each contact point and each item on it is a record of its own (spec 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.contact_points import ContactPoint, email, phone
from automation.envelope import Envelope, Key
from automation.errors import ChangeRefusedError
from automation.items.changes import AskItem
from automation.plan import Answer
from automation.records.asked import text_of
from automation.records.model import RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.exception.changes import AddException, RemoveException
from automation.records.types.exception.events import ExceptionListed, ExceptionRemoved
from automation.records.types.exception.ids import EXCEPTION, IS_LISTED, LIST, exception_id
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


def _check_add(key: Key, _user: str, change: AddException) -> None:
    """Refuse what is no contact point, and an id that is not its own; without a country it has one in the handler."""
    point = _point(change, "")
    if point.kind == "email" or point.value.startswith("+"):
        _check_id(key, point)


def _add(turn: RecordTurn, change: AddException) -> None:
    """Put it on the list by hand, in the form in which a process would; what is there already stays as it is."""
    point = _point(change, turn.view.settings.calling_code)
    _check_id(turn.key, point)
    if not turn.body.listed:
        turn.emit(ExceptionListed(point.kind, Personal(point.value), ""))


def _point(change: AddException, calling_code: str) -> ContactPoint:
    mail, number = (given.text.strip() if given else "" for given in (change.email, change.phone))
    if bool(mail) == bool(number):
        raise ChangeRefusedError("missing_value", "email: either an e-mail address or a telephone number is expected")
    point = ContactPoint("email", email(mail)) if mail else ContactPoint("phone", phone(number, calling_code))
    if not point.value:
        raise ChangeRefusedError("invalid_value", f"{point.kind}: {(mail or number)[:100]!r} is none")
    return point


def _check_id(key: Key, point: ContactPoint) -> None:
    wanted = exception_id(key.tenant, *point)
    if key.item_id != wanted:
        raise ChangeRefusedError("invalid_key", f"key: the entry of this {point.kind} is {wanted}")


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
    changes={AddException: _add, RemoveException: _remove},
    questions={LIST: _list, IS_LISTED: _is_listed},
    creates=frozenset[type | str]((LIST, IS_LISTED, AddException)),
    checks={AddException: _check_add},
    shows={ExceptionListed: _show_listed, ExceptionRemoved: lambda _: Shown(status="removed")},
)
