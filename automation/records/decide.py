"""Decide on changes and timers of a record: what is common to all types (design section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from automation.definitions.book import Book
from automation.envelope import Key, Recorded
from automation.errors import ChangeRefusedError
from automation.items.changes import AskItem, ChangeFrame, ReportOutcome
from automation.items.decide import origin_of
from automation.items.door import admit
from automation.items.effects import ItemAnswered
from automation.items.events import ChangeSeen, EffectAnswered
from automation.items.sizes import REQUEST_LIMIT, STATE_LIMIT, weight
from automation.items.turn import Origin, Request, Setting
from automation.plan import Answer
from automation.records.fold import initial_of
from automation.records.model import RecordState, RecordType
from automation.records.turn import RecordTurn
from automation.seen import digest, position
from automation.values import Moment

_NOT_FOUND = Answer("failed", "item_not_found", {})


class Outcome(NamedTuple):
    """The state after the decision, its events, and requests that no event stands for."""

    state: RecordState
    events: list[Recorded]
    requests: list[Request]


def decide(
    record: RecordType, state: Any, frame: ChangeFrame, change: Any, now: Moment, book: Book, release: str
) -> Outcome:
    """Decide on a change; no events means a repeat. Raises `ChangeRefusedError` for what cannot be done."""
    admit(frame, change)
    before: Any = state if state.version else initial_of(record)
    if _is_repeat(before, frame):
        return Outcome(before, [], [])
    view = book.tenant(frame.tenant)
    if view is None:
        raise ChangeRefusedError("unknown_tenant", f"tenant: {frame.tenant} has defined nothing")
    turn = RecordTurn(before, origin_of(frame), Setting(view, book.version, now, release))
    _take(record, turn, change)
    turn.finish()
    if _is_too_large(before, turn.state):
        turn = RecordTurn(before, origin_of(frame), Setting(view, book.version, now, release))
        _refuse_growth(turn, change)
    return Outcome(turn.state, turn.events, turn.requests)


def _is_repeat(state: RecordState, frame: ChangeFrame) -> bool:
    if frame.source_seq:
        return frame.source_seq <= state.source_seq
    return bool(state.seen) and position(state.seen, digest(frame.change_id)) >= 0


def _is_too_large(before: RecordState, after: RecordState) -> bool:
    return after.body is not before.body and weight(after.body) > STATE_LIMIT


def _refuse_growth(turn: RecordTurn, change: Any) -> None:
    """Leave the record as it was, and tell who waits for an answer; anything else is refused."""
    if not isinstance(change, AskItem) or not change.reply_to:
        raise ChangeRefusedError("item_too_large", f"record: its state would exceed {STATE_LIMIT} bytes")
    turn.fail(change, "item_too_large")


def _take(record: RecordType, turn: RecordTurn, change: Any) -> None:
    if isinstance(change, AskItem):
        _asked(record, turn, change)
        return
    kind = type(change)
    handle = record.changes.get(kind)
    if not turn.exists and kind not in record.creates:
        raise ChangeRefusedError("unknown_item", f"record: {turn.key_text} does not exist")
    if isinstance(change, ReportOutcome):
        _outcome(turn, change)
    elif handle is None:
        raise ChangeRefusedError("unknown_change", f"record: {record.name} takes no {kind.__name__}")
    check(record, turn.key, turn.user, change)
    if handle is not None:
        handle(turn, change)
    if not turn.events:
        turn.emit(ChangeSeen("no_change"))


def check(record: RecordType, key: Key, user: str, change: Any) -> None:
    """Raise `ChangeRefusedError` for what the record could not take in any state."""
    look = record.checks.get(type(change))
    if look is not None:
        look(key, user, change)


def _outcome(turn: RecordTurn, told: ReportOutcome) -> None:
    turn.emit(EffectAnswered(told.effect_id, told.run_id, told.status, told.reason, told.results, told.tries))


def _asked(record: RecordType, turn: RecordTurn, asked: AskItem) -> None:
    """Answer a question, now or later; one that creates nothing leaves no state behind where there was none."""
    told = _answer(record, turn, asked)
    if told is None:
        if not turn.events:
            turn.emit(ChangeSeen("no_change"))
        return
    if weight(told.results) > REQUEST_LIMIT:
        told = Answer("failed", "item_too_large", {})
    if not turn.exists:
        if asked.reply_to:
            turn.reply(asked, told.status, told.reason, told.results)
    elif asked.reply_to:
        turn.emit(
            ItemAnswered(asked.effect_id, asked.run_id, asked.reply_to, told.status, told.reason, told.results)
        )  # fmt: skip
    elif not turn.events:
        turn.emit(ChangeSeen(told.reason or "no_change"))


def _answer(record: RecordType, turn: RecordTurn, asked: AskItem) -> Answer | None:
    if not turn.exists and asked.question not in record.creates:
        return _NOT_FOUND
    handle = record.questions.get(asked.question)
    return handle(turn, asked) if handle else Answer("failed", "unknown_question", {})


# --- timers --------------------------------------------------------------------------------------------------


def timers(record: RecordType, state: RecordState) -> Iterable[tuple[Moment, str]]:
    """Return the moments at which the record wants to be woken."""
    return record.timers(state.body)


def fire(record: RecordType, state: Any, key: Key, timer_id: str, now: Moment, book: Book, release: str) -> Outcome:
    """Decide on a timer that is due; a chain of causes starts anew (spec 6.8)."""
    view = book.tenant(key.tenant)
    if view is None or not state.version:
        return Outcome(state, [], [])
    origin = Origin(key, "", now, "system", "system", timer_id, timer_id, 0)
    turn = RecordTurn(state, origin, Setting(view, book.version, now, release))
    record.fire(turn, timer_id)
    turn.finish()
    return Outcome(turn.state, turn.events, turn.requests)
