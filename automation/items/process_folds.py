"""Fold what happens to business processes into an item's state; what a released event means never changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automation.envelope import Envelope
from automation.items import process_events as p
from automation.plan import Answer
from automation.processes.places import step_of
from automation.processes.state import Instance, StepRun, Waiter
from automation.values import Value

if TYPE_CHECKING:
    from automation.items.state import ItemState

Patch = dict[str, Any]
HOUR_MS = 3_600_000


def _without(old: Mapping[str, Any], keys: Iterable[str]) -> Mapping[str, Any]:
    gone = frozenset(keys)
    return {key: value for key, value in old.items() if key not in gone}


def _instance(state: ItemState, instance_id: str, **changed: Any) -> Patch:
    """Return the patch that changes an instance; nothing where it has ended."""
    found = state.processes.get(instance_id)
    return {"processes": {**state.processes, instance_id: replace(found, **changed)}} if found else {}


def _started(state: ItemState, env: Envelope, event: p.ProcessStarted) -> Patch:
    new = Instance(
        event.instance_id, event.template_id, event.template_version, event.params, event.variables,
        env.event_id, env.root_id, env.depth, event.parent, event.waits,
    )  # fmt: skip
    return {"processes": {**state.processes, event.instance_id: new}}


def _ended(state: ItemState, env: Envelope, event: p.ProcessEnded) -> Patch:
    open_steps = (run.run_id for run in state.steps.values() if run.instance_id == event.instance_id)
    return {
        "processes": _without(state.processes, (event.instance_id,)), "steps": _without(state.steps, open_steps)
    }  # fmt: skip


def _paused(state: ItemState, env: Envelope, event: p.ProcessPaused) -> Patch:
    return _instance(state, event.instance_id, paused=True)


def _resumed(state: ItemState, env: Envelope, event: p.ProcessResumed) -> Patch:
    return _instance(state, event.instance_id, paused=False)


def _held(state: ItemState, env: Envelope, event: p.StepHeld) -> Patch:
    """Hold a step; the chain of causes that it is in goes on when its turn comes (spec 6.8)."""
    found = state.processes.get(event.instance_id)
    if found is None:
        return {}
    retries = {**found.retries, event.place: event.attempt} if event.attempt else found.retries
    patch = _instance(
        state, event.instance_id, held={**found.held, event.place: event.due}, retries=retries, root_id=env.root_id,
        depth=env.depth,
    )  # fmt: skip
    planned = [run.run_id for run in state.steps.values() if run.retry and _is_at(run, event)] if event.attempt else []
    return {**patch, "steps": _without(state.steps, planned)} if planned else patch


def _is_at(run: StepRun, event: p.StepHeld) -> bool:
    return (run.instance_id, run.place) == (event.instance_id, event.place)


def _released(state: ItemState, env: Envelope, event: p.StepsReleased) -> Patch:
    found = state.processes.get(event.instance_id)
    if found is None:
        return {}
    held, retries = _without(found.held, event.places), _without(found.retries, event.places)
    return _instance(state, event.instance_id, held=held, retries=retries)


def _step_started(state: ItemState, env: Envelope, event: p.StepStarted) -> Patch:
    run = StepRun(
        event.run_id, event.instance_id, event.place, event.attempt, event.deadline, env.event_id, env.root_id,
        env.depth, event.timeout_at, False, event.wakes, event.rests_at,
    )  # fmt: skip
    return {"steps": {**state.steps, event.run_id: run}}


def _retry(state: ItemState, env: Envelope, event: p.StepRetryPlanned) -> Patch:
    run = StepRun(
        event.run_id, event.instance_id, event.place, event.attempt, event.due, env.event_id, env.root_id, env.depth,
        retry=True,
    )  # fmt: skip
    return {"steps": {**state.steps, event.run_id: run}}


def _rescheduled(state: ItemState, env: Envelope, event: p.StepRescheduled) -> Patch:
    return {"steps": {**state.steps, event.run_id: replace(state.steps[event.run_id], due=event.deadline)}}


def _woken(state: ItemState, env: Envelope, event: p.StepWoken) -> Patch:
    """End a rest: nothing wakes it any more, and what its plan may ask now is waited for as of any step."""
    run = state.steps[event.run_id]
    answers = {**run.answers, run.rests_at: Answer("completed", event.reason, {})}
    rested = replace(run, wakes=(), awaiting=(), targets=(), answers=answers)
    return {"steps": {**state.steps, event.run_id: rested}}


def _worked(state: ItemState, env: Envelope) -> Patch:
    hour = env.recorded_at // HOUR_MS
    return {"worked_hour": hour, "worked_steps": state.worked_steps + 1 if state.worked_hour == hour else 1}


def _step_ended(state: ItemState, env: Envelope, event: Any) -> Patch:
    patch = _worked(state, env)
    if event.run_id in state.steps:
        patch["steps"] = _without(state.steps, (event.run_id,))
    return patch


def _step_completed(state: ItemState, env: Envelope, event: p.StepCompleted) -> Patch:
    found = state.processes.get(event.instance_id)
    patch = _step_ended(state, env, event)
    if found and event.results:
        step = step_of(event.place)
        named: Mapping[str, Value] = {f"{step}.{name}": value for name, value in event.results.items()}
        patch.update(_instance(state, event.instance_id, results={**found.results, **named}))
    return patch


def _step_emptied(state: ItemState, env: Envelope, event: p.StepSkipped | p.StepFailed | p.StepCancelled) -> Patch:
    """End a step without results: those of an earlier round are gone (spec 1.7)."""
    found, patch = state.processes.get(event.instance_id), _step_ended(state, env, event)
    prefix = f"{step_of(event.place)}."
    old = [name for name in found.results if name.startswith(prefix)] if found else []
    if found and old:
        patch.update(_instance(state, event.instance_id, results=_without(found.results, old)))
    return patch


def _incident(state: ItemState, env: Envelope, event: p.IncidentRaised) -> Patch:
    found = state.processes.get(event.instance_id)
    open_ones = {**found.incidents, event.place: event.attempt} if found else {}
    return _instance(state, event.instance_id, incidents=open_ones)


def _resolved(state: ItemState, env: Envelope, event: p.IncidentResolved) -> Patch:
    found = state.processes.get(event.instance_id)
    return _instance(state, event.instance_id, incidents=_without(found.incidents, (event.place,))) if found else {}


def _variables(state: ItemState, env: Envelope, event: p.VariablesSet) -> Patch:
    found = state.processes.get(event.instance_id)
    return _instance(state, event.instance_id, variables={**found.variables, **event.values}) if found else {}


def _paths(state: ItemState, env: Envelope, event: p.PathsOpened) -> Patch:
    found = state.processes.get(event.instance_id)
    open_ones = tuple(map(str, range(event.count)))
    return _instance(state, event.instance_id, paths={**found.paths, event.place: open_ones}) if found else {}


def _path_ended(state: ItemState, env: Envelope, event: p.PathEnded) -> Patch:
    found = state.processes.get(event.instance_id)
    if found is None:
        return {}
    left = tuple(path for path in found.paths.get(event.place, ()) if path != str(event.path))
    return _instance(state, event.instance_id, paths={**found.paths, event.place: left})


def _joined(state: ItemState, env: Envelope, event: p.PathsJoined) -> Patch:
    found = state.processes.get(event.instance_id)
    if found is None:
        return {}
    paths, loops = _without(found.paths, (event.place, *event.stopped)), _without(found.loops, event.stopped)
    return _instance(state, event.instance_id, paths=paths, loops=loops)


def _round(state: ItemState, env: Envelope, event: p.RoundBegan) -> Patch:
    """Count a round as work, so that loops inside loops keep to the limit of the hour whatever is in them."""
    found, patch = state.processes.get(event.instance_id), _worked(state, env)
    if found is None or not event.values:
        return patch
    return {**patch, **_instance(state, event.instance_id, loops={**found.loops, event.place: event.values})}


def _loop_ended(state: ItemState, env: Envelope, event: p.LoopEnded) -> Patch:
    found = state.processes.get(event.instance_id)
    if found is None or event.place not in found.loops:
        return {}
    return _instance(state, event.instance_id, loops=_without(found.loops, (event.place,)))


def _nothing(state: ItemState, env: Envelope, event: Any) -> Patch:
    return {}


def _waits(state: ItemState, env: Envelope, event: p.WaiterAdded) -> Patch:
    new = Waiter(event.run_id, event.reply_to, event.stages, pipeline=event.pipeline)
    return {"waiters": {**state.waiters, event.effect_id: new}}


def _withdrawn(state: ItemState, env: Envelope, event: p.WaiterWithdrawn) -> Patch:
    return {"waiters": _without(state.waiters, (event.effect_id,))}


def _reached(state: ItemState, env: Envelope, event: p.WaitersReached) -> Patch:
    told = {name: replace(state.waiters[name], reached=event.reached) for name in event.effect_ids}
    return {"waiters": {**state.waiters, **told}}


FOLDS: Mapping[type, Callable[[Any, Envelope, Any], Patch]] = {
    p.ProcessStarted: _started,
    p.ProcessNotStarted: _nothing,
    p.ProcessEnded: _ended,
    p.ProcessPaused: _paused,
    p.ProcessResumed: _resumed,
    p.StepHeld: _held,
    p.StepsReleased: _released,
    p.StepStarted: _step_started,
    p.StepRetryPlanned: _retry,
    p.StepRescheduled: _rescheduled,
    p.StepWoken: _woken,
    p.StepCompleted: _step_completed,
    p.StepSkipped: _step_emptied,
    p.StepFailed: _step_emptied,
    p.StepCancelled: _step_emptied,
    p.IncidentRaised: _incident,
    p.IncidentResolved: _resolved,
    p.VariablesSet: _variables,
    p.BranchTaken: _nothing,
    p.PathsOpened: _paths,
    p.PathEnded: _path_ended,
    p.PathsJoined: _joined,
    p.RoundBegan: _round,
    p.LoopEnded: _loop_ended,
    p.WaitNoted: _nothing,
    p.WaiterAdded: _waits,
    p.WaiterWithdrawn: _withdrawn,
    p.WaitersReached: _reached,
}


def called(state: ItemState, event: Any) -> Patch:
    """Note that a step waits for the answer to an effect."""
    run = state.steps.get(event.run_id)
    if run is None:
        return {}
    waiting = replace(
        run, awaiting=(*run.awaiting, event.effect_id), targets=(*run.targets, getattr(event, "target", ""))
    )
    return {"steps": {**state.steps, run.run_id: waiting}}


def answered(state: ItemState, event: Any) -> Patch:
    """Take over the answer to an effect of a step; none to one that has ended."""
    run = state.steps.get(event.run_id)
    if run is None or event.effect_id not in run.awaiting:
        return {}
    answer = Answer(event.status, event.reason, dict(event.results))
    left = [(name, at) for name, at in zip(run.awaiting, run.targets, strict=True) if name != event.effect_id]
    told = replace(
        run, awaiting=tuple(name for name, _ in left), targets=tuple(at for _, at in left),
        answers={**run.answers, event.effect_id: answer},
    )  # fmt: skip
    return {"steps": {**state.steps, run.run_id: told}}


def answer_sent(state: ItemState, env: Envelope, event: Any) -> Patch:
    """Forget who was answered."""
    return {"waiters": _without(state.waiters, (event.effect_id,))} if event.effect_id in state.waiters else {}
