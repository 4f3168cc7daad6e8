"""Steps, of whichever item, that wait for a stage of this one or for activity of its client (spec 4.9, 4.28, 4.29)."""

from __future__ import annotations

from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items import process_events as p
from automation.items.turn import Turn
from automation.plan import Answer
from automation.processes.state import Waiter

BATCH = 500
"""Waiters answered in one turn; the others are by a timer (design section 2)."""
MOST = 100_000
TIMER = "waiters"
GONE = "item_not_found"


def await_stage(turn: Turn, asked: c.AskItem) -> Answer | None:
    """Answer at once on a listed or final stage; else remember who waits (spec 4.28)."""
    listed = asked.args.get("stages")
    stages = tuple(listed) if isinstance(listed, tuple) else ()
    if turn.state.stage and (turn.state.stage in stages or _is_final(turn)):
        return Answer("completed", "", {"stage": turn.state.stage})
    return _remember(turn, asked, stages or ("",), _pipeline_of(turn, stages))


def _pipeline_of(turn: Turn, stages: tuple[str, ...]) -> str:
    """Return the item's pipeline if the stages are its own; stages of others may be of any: ids do not say."""
    own = turn.view.pipelines.get((turn.state.item_type, turn.state.pipeline))
    return own.id if own is not None and any(own.has(stage) for stage in stages) else ""


def await_activity(turn: Turn, asked: c.AskItem) -> Answer | None:
    """Remember who waits for activity of the client."""
    return _remember(turn, asked, (), "")


def _remember(turn: Turn, asked: c.AskItem, stages: tuple[str, ...], pipeline: str) -> Answer | None:
    if len(turn.state.waiters) >= MOST:
        return Answer("failed", "too_many_waiters", {})
    turn.emit(p.WaiterAdded(asked.effect_id, asked.run_id, asked.reply_to, stages, pipeline))
    return None


def withdraw(turn: Turn, asked: c.AskItem) -> None:
    """Forget a waiter that waits no longer; it may have been answered meanwhile."""
    name = asked.args.get("effect_id")
    known = isinstance(name, str) and name in turn.state.waiters
    turn.emit(p.WaiterWithdrawn(str(name)) if known else e.ChangeSeen("no_change"))


def on_stage(turn: Turn) -> None:
    """Queue the answers to those that wait for the stage that was just entered, or for a final one.

    It counts also where something moves the item on before they are answered (spec 4.28).
    """
    stage, final = turn.state.stage, _is_final(turn)
    here = ("", turn.state.pipeline)
    found = [
        name for name, one in _waiting(turn) if one.stages and (final or (stage in one.stages and one.pipeline in here))
    ]
    if found:
        turn.later(lambda t: _answer(t, found, stage))


def _waiting(turn: Turn) -> list[tuple[str, Waiter]]:
    """Return those for whom it has not happened yet."""
    return [(name, one) for name, one in turn.state.waiters.items() if not one.reached]


def on_activity(turn: Turn) -> None:
    """Answer those that wait for activity of the client."""
    _answer(turn, [name for name, one in _waiting(turn) if not one.stages], "client_activity")


def on_deleted(turn: Turn) -> None:
    """Answer all: there is nothing to wait for any more."""
    _answer(turn, [name for name, _ in _waiting(turn)], GONE)


def on_due(turn: Turn) -> None:
    """Answer the next batch of those whose moment has come."""
    for name in [name for name, one in turn.state.waiters.items() if one.reached][:BATCH]:
        _tell(turn, name, turn.state.waiters[name].reached)


def _answer(turn: Turn, found: list[str], reached: str) -> None:
    names = [name for name in found if name in turn.state.waiters]
    for name in names[:BATCH]:
        _tell(turn, name, reached)
    if names[BATCH:]:
        turn.emit(p.WaitersReached(tuple(names[BATCH:]), reached))


def _tell(turn: Turn, name: str, reached: str) -> None:
    waiter = turn.state.waiters[name]
    status, reason = ("failed", GONE) if reached == GONE else ("completed", "")
    results = {} if reached == GONE else {"stage": reached}
    turn.emit(effects.ItemAnswered(name, waiter.run_id, waiter.reply_to, status, reason, results))


def _is_final(turn: Turn) -> bool:
    pipeline = turn.view.pipelines.get((turn.state.item_type, turn.state.pipeline))
    found = next((s.kind for s in pipeline.stages if s.id == turn.state.stage), "") if pipeline else ""
    return found.startswith("final")
