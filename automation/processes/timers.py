"""The moments at which the processes of an item want to be woken."""

from __future__ import annotations

from automation.items import waiters
from automation.items.state import ItemState
from automation.items.turn import Turn
from automation.processes import engine
from automation.values import Moment

_HELD = "held:"


def timers(state: ItemState) -> list[tuple[Moment, str]]:
    """Return the moments, each with the name of what is due."""
    found = [(run.wakes_at, run.run_id) for run in state.steps.values() if run.wakes_at]
    for instance in state.processes.values():
        due = min((at for at in instance.held.values() if at), default=0)
        if due:
            found.append((due, _HELD + instance.instance_id))
    if any(one.reached for one in state.waiters.values()):
        found.append((1, waiters.TIMER))
    return found


def owns(state: ItemState, timer: str) -> bool:
    """Say whether the timer is one of these, and still stands."""
    return timer in state.steps or timer == waiters.TIMER or timer.removeprefix(_HELD) in state.processes


def chain(state: ItemState, timer: str) -> tuple[str, str, int]:
    """Return cause, root and depth of what follows: a chain of causes starts anew after a rest (spec 6.8)."""
    run = state.steps.get(timer)
    if run is not None:
        rested = run.retry or bool(run.wakes) or run.timeout_at == run.wakes_at
        return (run.cause_id, run.cause_id, 0) if rested else (run.cause_id, run.root_id, run.depth)
    instance = state.processes.get(timer.removeprefix(_HELD))
    return (instance.cause_id, instance.root_id, instance.depth) if instance else ("", "", 0)


def fire(turn: Turn, timer: str) -> None:
    """Do what is due."""
    if timer in turn.state.steps:
        engine.on_due(turn, timer)
    elif timer == waiters.TIMER:
        waiters.on_due(turn)
    else:
        instance = turn.state.processes[timer.removeprefix(_HELD)]
        due = tuple(place for place, at in instance.held.items() if 0 < at <= turn.now)
        engine.release(turn, instance.instance_id, due)
