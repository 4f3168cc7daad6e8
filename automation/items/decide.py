"""Decide on changes and timers of an item: the engine of stages, rules and triggers (design section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from automation.definitions.book import Book
from automation.envelope import Key, Recorded, stable_id
from automation.errors import ChangeRefusedError
from automation.items import (
    activities,
    admission,
    clients,
    details,
    emails,
    enrolling,
    entering,
    facts,
    invoices,
    questions,
    runs,
    saves,
    write_back,
)
from automation.items import activity_changes as ac
from automation.items import changes as c
from automation.items import events as e
from automation.items import process_changes as pc
from automation.items.door import PAYMENT_STATUSES, admit
from automation.items.sizes import STATE_LIMIT, STATE_RESERVE, is_too_large, weight
from automation.items.state import ItemState, has_seen
from automation.items.turn import Origin, Request, Setting, Turn
from automation.processes import autostart, control, engine
from automation.processes import timers as process_timers
from automation.values import Moment

_RANKS = {status: rank for rank, status in enumerate(PAYMENT_STATUSES)}
"""A payment document goes one way: unpaid, paid, voided. What says less than is known was overtaken."""


class Outcome(NamedTuple):
    """The state after the decision, its events, and requests that no event stands for."""

    state: ItemState
    events: list[Recorded]
    requests: list[Request]


def _report_payment(turn: Turn, change: c.ReportPayment) -> None:
    old = turn.state.payments.get(change.payment_id)
    if old is not None and _RANKS[change.status] <= _RANKS[old.status]:
        turn.emit(e.ChangeSeen("no_change" if old.status == change.status else "overtaken"))
        return
    turn.emit(e.PaymentNoted(change.payment_id, change.order_id, change.status, change.amount, change.link))
    if change.status != "paid":
        return
    clients.active(turn)
    base = turn.key.item_type.partition(".")[0]
    if base == "invoice":
        turn.later(_settle_invoice)
    elif base in invoices.TOLD:
        turn.later(lambda t: facts.fire(t, "order_paid", change.payment_id, change.amount, {}))


def _settle_invoice(turn: Turn) -> None:
    paid = invoices.paid_stage(turn)
    if paid and turn.state.stage != paid and invoices.is_covered(turn.state):
        before = len(turn.events)
        entering.move(turn, paid, automated=False)
        autostart.after_change(turn, before)


def _report_outcome(turn: Turn, change: c.ReportOutcome) -> None:
    turn.emit(
        e.EffectAnswered(
            change.effect_id, change.run_id, change.status, change.reason, change.results, change.tries
        )
    )  # fmt: skip
    if change.run_id:
        turn.later(lambda t: _answered(t, change.run_id))


def _answered(turn: Turn, run_id: str) -> None:
    if run_id in turn.state.steps:
        engine.on_answered(turn, run_id)
    else:
        runs.on_answered(turn, run_id)


def _comment(turn: Turn, change: c.AddComment) -> None:
    author = turn.actor.removeprefix("user:")
    turn.emit(e.CommentAdded(stable_id("comment", turn.key_text, turn.change_id), change.text, author))


def _activity(turn: Turn, change: c.RecordActivity) -> None:
    turn.emit(e.ActivityRecorded(change.activity_id, change.kind, change.subject))
    if change.kind in clients.ACTIVITIES:
        clients.active(turn)


def _delete(turn: Turn, change: c.DeleteItem) -> None:
    saves.delete(turn)


_HANDLERS: Mapping[type, Callable[[Turn, Any], None]] = {
    c.SaveItem: saves.save,
    c.DeleteItem: _delete,
    c.SaveDetails: details.save,
    c.DeleteDetails: details.delete,
    c.AddComment: _comment,
    c.RecordActivity: _activity,
    c.ReportEmailSeen: emails.seen,
    c.ReportPayment: _report_payment,
    ac.PlanActivity: activities.plan,
    ac.CompleteActivity: activities.complete,
    ac.DeleteActivity: activities.delete,
    c.AskItem: questions.answer,
    c.ReportOutcome: _report_outcome,
    c.EnrolItem: enrolling.enrol,
    pc.StartProcess: control.start,
    pc.ControlProcess: control.control,
}


def is_repeat(state: ItemState, frame: c.ChangeFrame) -> bool:
    """Say whether the item has handled the change, or a later one of a source that numbers its changes."""
    if frame.source_seq:
        return frame.source_seq <= state.source_seq
    return bool(state.seen) and has_seen(state, frame.change_id)


def decide(
    state: ItemState, frame: c.ChangeFrame, change: c.ItemChange, now: Moment, book: Book, release: str
) -> Outcome:
    """Decide on a change; no events means a repeat. Raises `ChangeRefusedError` for what cannot be done."""
    admit(frame, change)
    if is_repeat(state, frame):
        return Outcome(state, [], [])
    view = book.tenant(frame.tenant)
    if view is None:
        raise ChangeRefusedError("unknown_tenant", f"tenant: {frame.tenant} has defined nothing")
    turn = _worked(Turn(state, origin_of(frame), Setting(view, book.version, now, release)), change)
    if _is_too_large(state, turn.state, change):
        turn = Turn(state, origin_of(frame), Setting(view, book.version, now, release))
        _refuse_growth(turn, change)
    return Outcome(turn.state, turn.events, turn.requests)


def _worked(turn: Turn, change: c.ItemChange) -> Turn:
    _take(turn, change)
    turn.finish()
    write_back.request(turn)
    return turn


def origin_of(frame: c.ChangeFrame) -> Origin:
    """Return where the turn of a change comes from."""
    return Origin(
        frame.key, frame.change_id, frame.occurred_at, frame.source, frame.actor or "system",
        frame.cause_id or frame.change_id, frame.root_id or frame.change_id, frame.depth, frame.source_seq,
    )  # fmt: skip


def _is_too_large(before: ItemState, after: ItemState, change: c.ItemChange) -> bool:
    """Say whether the change has made the item too large; facts of our own services may use the reserve."""
    reserve = STATE_RESERVE if isinstance(change, c.SIGNED) else 0
    return is_too_large(before, after, reserve, _growth(change))


def _refuse_growth(turn: Turn, change: c.ItemChange) -> None:
    """Leave the item as it was, and tell who waits for an answer; anything else is refused."""
    if not isinstance(change, c.AskItem | c.RequestItem) or not change.reply_to:
        raise ChangeRefusedError("item_too_large", f"item: its state would exceed {STATE_LIMIT} bytes")
    turn.fail(change, "item_too_large")


def _growth(change: c.ItemChange) -> int:
    """Return how many bytes the change adds; what only sets fields adds their values at most."""
    if type(change) is not c.SaveItem or change.rows or change.link or change.observers:
        return STATE_LIMIT
    values = change.fields.values()
    return sum([4 * len(value) if value.__class__ is str else weight(value) for value in values]) + 80 * len(values)


def _take(turn: Turn, change: c.ItemChange) -> None:
    if turn.state.held:
        admission.meanwhile(turn, change, saves.create_at_once, _take)
    elif isinstance(change, c.CreateItem):
        saves.create(turn, change)
    elif isinstance(change, c.RequestItem):
        saves.create_requested(turn, change)
    elif turn.state.version == 0:
        _unknown(turn, change)
    elif turn.state.deleted:
        _gone(turn, change)
    else:
        handle = _HANDLERS.get(type(change))
        if handle is None:
            raise ChangeRefusedError("unknown_change", f"item: no item takes {type(change).__name__}")
        handle(turn, change)


def _unknown(turn: Turn, change: c.ItemChange) -> None:
    """Answer a question about an unknown item without leaving state behind; refuse anything else."""
    if not isinstance(change, c.AskItem):
        raise ChangeRefusedError("unknown_item", f"item: {turn.key_text} does not exist")
    if change.reply_to:
        turn.fail(change, "item_not_found")


def _gone(turn: Turn, change: c.ItemChange) -> None:
    if isinstance(change, c.AskItem) and change.reply_to:
        turn.fail(change, "item_not_found")
    else:
        turn.emit(e.ChangeSeen("refused" if turn.state.refused else "deleted"))


# --- timers --------------------------------------------------------------------------------------------------


def timers(state: ItemState) -> Iterable[tuple[Moment, str]]:
    """Return the moments at which the item wants to be woken, each with the run or reminder that it belongs to."""
    if not (state.runs or state.activities or state.steps or state.processes or state.waiters):
        return ()
    woken = [(run.due, run.run_id) for run in state.runs.values() if run.due]
    if state.steps or state.processes or state.waiters:
        woken += process_timers.timers(state)
    return woken + [(one.remind_at, activities.TIMER + i) for i, one in state.activities.items() if one.remind_at]


def fire(state: ItemState, key: Key, timer: str, now: Moment, book: Book, release: str) -> Outcome:
    """Decide on a timer that is due: a delay is over, answers did not come in time, somebody is to be reminded."""
    view, due = book.tenant(key.tenant), _due(state, key, timer, now)
    if view is None or due is None:
        return Outcome(state, [], [])
    turn = Turn(state, due.origin, Setting(view, book.version, now, release))
    due.work(turn)
    turn.finish()
    write_back.request(turn)
    return Outcome(turn.state, turn.events, turn.requests)


class _Due(NamedTuple):
    """What a timer is for."""

    origin: Origin
    work: Callable[[Turn], None]


def _due(state: ItemState, key: Key, timer: str, now: Moment) -> _Due | None:
    """Return what to do; a chain of causes starts anew after a delay has elapsed (spec 6.8)."""
    if process_timers.owns(state, timer):
        cause, root, depth = process_timers.chain(state, timer)
        return _Due(_timed(key, cause, root, depth, now), lambda turn: process_timers.fire(turn, timer))
    run = state.runs.get(timer)
    if run is not None:
        over = run.status == "delayed"
        root, depth = (run.cause_id, 0) if over else (run.root_id, run.depth)
        work = runs.on_delay_over if over else runs.on_deadline
        return _Due(_timed(key, run.cause_id, root, depth, now), lambda turn: work(turn, run))
    activity = state.activities.get(timer.removeprefix(activities.TIMER))
    if activity is not None:
        cause = activity.cause_id
        return _Due(_timed(key, cause, cause, 0, now), lambda turn: activities.remind(turn, activity.activity_id))
    return None


def _timed(key: Key, cause_id: str, root_id: str, depth: int, now: Moment) -> Origin:
    return Origin(key, "", now, "system", "system", cause_id, root_id, depth)
