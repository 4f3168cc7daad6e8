"""E-signature documents: created from an item as drafts, sent, then signed, declined or expired (spec 3.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from automation.envelope import Envelope
from automation.errors import ChangeRefusedError
from automation.items import links
from automation.items.changes import RequestItem
from automation.items.door import LAST_MOMENT
from automation.items.effects import ItemAnswered
from automation.records.model import Mark, RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.esign_document.changes import RecordDecline, RecordSignature, SendEsignDocument
from automation.records.types.esign_document.events import (
    EsignDocumentCreated,
    EsignDocumentDeclined,
    EsignDocumentExpired,
    EsignDocumentSent,
    EsignDocumentSigned,
)
from automation.values import Moment, Money, Personal, Value, plain

_TIMER = "expires"
_LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class EsignDocument:
    """What later decisions on the document need."""

    status: str = ""
    """`draft`, `sent`, `signed`, `declined` or `expired`."""
    expires_at: Moment = 0


# --- folds ---------------------------------------------------------------------------------------------------


def _created(body: EsignDocument, env: Envelope, event: EsignDocumentCreated) -> EsignDocument:
    return EsignDocument("draft")


def _sent(body: EsignDocument, env: Envelope, event: EsignDocumentSent) -> EsignDocument:
    return EsignDocument("sent", event.expires_at)


def _ended(body: EsignDocument, env: Envelope, event: Any) -> EsignDocument:
    return replace(body, status=_ENDS[type(event)])


_ENDS: Mapping[type, str] = {
    EsignDocumentSigned: "signed",
    EsignDocumentDeclined: "declined",
    EsignDocumentExpired: "expired",
}


# --- decisions -----------------------------------------------------------------------------------------------


def _create(turn: RecordTurn, asked: RequestItem) -> None:
    """Make the draft that an item asked for, link it both ways, and answer with its id; a repeat finds it there."""
    if not turn.exists:
        turn.depth += 1
        turn.emit(_draft(asked))
        for link in asked.links:
            links.tell(turn, link, "link")
    made = {"id": turn.key.item_id}
    turn.emit(ItemAnswered(asked.effect_id, asked.run_id, asked.reply_to, "completed", "", made))


def _draft(asked: RequestItem) -> EsignDocumentCreated:
    fields, amount = asked.fields, asked.fields.get("amount")
    return EsignDocumentCreated(
        Personal(_text(fields.get("title"))), amount if isinstance(amount, Money) else None, asked.responsible,
        _text(fields.get("contact")), _text(fields.get("company")), _text(fields.get("contact_details")),
        _text(fields.get("company_details")), asked.rows, asked.links,
    )  # fmt: skip


def _text(value: Value) -> str:
    found = plain(value)
    return found if isinstance(found, str) else ""


def _send(turn: RecordTurn, change: SendEsignDocument) -> None:
    _require(turn, "draft")
    if change.expires_at and not turn.now < change.expires_at <= LAST_MOMENT:
        raise ChangeRefusedError("invalid_value", "expires_at: not in the future, or beyond the year 9999")
    turn.emit(EsignDocumentSent(change.expires_at))


def _sign(turn: RecordTurn, _change: RecordSignature) -> None:
    _require(turn, "sent")
    turn.emit(EsignDocumentSigned())


def _decline(turn: RecordTurn, change: RecordDecline) -> None:
    _require(turn, "sent")
    turn.emit(EsignDocumentDeclined(Personal(change.reason.text[:_LONGEST_REASON])))


def _require(turn: RecordTurn, status: str) -> None:
    if turn.body.status != status:
        raise ChangeRefusedError("wrong_status", f"status: the document is {turn.body.status}, not {status}")


def _timers(body: EsignDocument) -> Iterable[tuple[Moment, str]]:
    return ((body.expires_at, _TIMER),) if body.status == "sent" and body.expires_at else ()


def _expire(turn: RecordTurn, _timer: str) -> None:
    turn.emit(EsignDocumentExpired())


# --- how it is found and read --------------------------------------------------------------------------------


def _show_created(event: EsignDocumentCreated) -> Shown:
    facts: dict[str, Any] = {
        "amount": event.amount, "contact": event.contact, "company": event.company,
        "contact_details": event.contact_details, "company_details": event.company_details,
    }  # fmt: skip
    marks: tuple[Mark, ...] = tuple(("item", f"{link.item_type}/{link.item_id}") for link in event.links)
    return Shown(event.title.text, "draft", event.responsible, facts, marks, text=event.title.text)


RECORD = RecordType(
    name="esign_document",
    title="E-signature document",
    body=EsignDocument,
    folds={EsignDocumentCreated: _created, EsignDocumentSent: _sent, **dict.fromkeys(_ENDS, _ended)},
    changes={RequestItem: _create, SendEsignDocument: _send, RecordSignature: _sign, RecordDecline: _decline},
    questions={},
    creates=frozenset[type | str]((RequestItem,)),
    shows={
        EsignDocumentCreated: _show_created,
        EsignDocumentSent: lambda event: Shown(status="sent", fields={"expires_at": event.expires_at or None}),
        EsignDocumentSigned: lambda _: Shown(status="signed"),
        EsignDocumentDeclined: lambda event: Shown(status="declined", fields={"reason": event.reason}),
        EsignDocumentExpired: lambda _: Shown(status="expired"),
    },
    timers=_timers,
    fire=_expire,
)
