"""Action steps: their plans, answers, rests, failures (spec 4, 6.1, 6.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from automation.definitions import process_models as pm
from automation.definitions.arguments import Problem
from automation.envelope import stable_id
from automation.items import effects, failures, runs, stages
from automation.items import events as e
from automation.items import process_events as p
from automation.items.turn import Turn
from automation.plan import Answer, Call, Completed, Context, Failed, Plan, Skipped, Wait
from automation.processes.constructs import At
from automation.processes.flow import OVER, REST, Go
from automation.processes.places import place_of, rounds_of
from automation.processes.scope import scope_in
from automation.processes.state import StepRun

TIMEOUT = "timeout"
_NO_ANSWERS: Mapping[str, Answer] = {}


def run_id_of(turn: Turn, at: At, attempt: int) -> str:
    """Return the run key of spec 6.1: instance, step, iteration at every loop level; another for every attempt."""
    return stable_id("step", turn.key_text, *at.named, attempt)


def begin(turn: Turn, at: At, attempt: int = 0) -> Go:
    """Give an action its turn."""
    return perform(turn, at, run_id_of(turn, at, attempt), attempt, _NO_ANSWERS)


def perform(turn: Turn, at: At, run_id: str, attempt: int, answers: Mapping[str, Answer]) -> Go:
    """Ask a step's plan, and record what comes of it."""
    plan = runs.tried(lambda: _planned(turn, at, run_id, answers)) or Failed("internal_error")
    if isinstance(plan, Completed) and _moves(turn, plan) and stages.loops(turn):
        plan = Failed("loop_detected")
    before, count = turn.state, len(turn.events)
    go = _record(turn, at, (run_id, attempt), plan)
    reason = runs.flaw(turn, before, count)
    if reason:
        turn.undo(before, count)
        return failed(turn, at, run_id, attempt, reason)
    return go


def guarded(turn: Turn, at: At, work: Callable[[Turn, At], Go]) -> Go:
    """Let a construct do its work; what is wrong with it, or with what it would record, fails this step alone."""
    before, count = turn.state, len(turn.events)
    go = None if at.step.problem else runs.tried(lambda: work(turn, at))
    reason = at.step.problem or (runs.flaw(turn, before, count) if go is not None else "internal_error")
    if go is not None and not reason:
        return go
    turn.undo(before, count)
    if at.place in at.instance.loops:
        turn.emit(p.LoopEnded(*at.named, 0, reason))
    return failed(turn, at, run_id_of(turn, at, 0), 0, reason)


def _planned(turn: Turn, at: At, run_id: str, answers: Mapping[str, Answer]) -> Plan:
    step = at.step
    if step.problem or step.entry is None or step.entry.plan is None or step.arguments is None:
        return Failed(step.problem or "internal_error")
    params = step.arguments.resolve(scope_in(turn, at.template, at.instance, step, at.place))
    if isinstance(params, Problem):
        return Failed(params.reason)
    context = Context(turn.state, turn.key, turn.view, turn.now, run_id, answers, at.full_name, at.instance.instance_id)
    return step.entry.plan(context, params)


def _moves(turn: Turn, plan: Completed) -> bool:
    return bool(plan.to_pipeline) or plan.to_stage not in ("", turn.state.stage)


def _record(turn: Turn, at: At, run: tuple[str, int], plan: Plan) -> Go:
    instance_id, place = at.named
    run_id, attempt = run
    match plan:
        case Completed(results, events, notes, on_behalf_of):
            if on_behalf_of:
                turn.act(turn.actor, turn.source, on_behalf_of, turn.cause)
            _local(turn, events)
            turn.emit(p.StepCompleted(instance_id, run_id, place, results, notes))
            ends = plan.ends or bool(plan.to_pipeline)
            return Go(over=not ends, ends=ends, to_stage=plan.to_stage, to_pipeline=plan.to_pipeline)
        case Skipped(reason):
            turn.emit(p.StepSkipped(instance_id, run_id, place, reason))
        case Failed(reason, events):
            _local(turn, events)
            return failed(turn, at, run_id, attempt, reason)
        case Call(calls, events, patience, endless):
            deadline = 0 if endless else turn.now + runs.DEADLINE_MS + patience
            _wait(turn, at, run, p.StepStarted(instance_id, run_id, place, attempt, deadline, _timeout(turn, at)))
            _local(turn, (*events, *calls))
            return REST
        case Wait():
            return _rest(turn, at, run, plan)
    return OVER


def _rest(turn: Turn, at: At, run: tuple[str, int], plan: Wait) -> Go:
    wakes = (*(("time",) if plan.until else ()), *plan.wakes)
    rests_at = stable_id("effect", turn.key.tenant, run[0], plan.place, 0)
    started = p.StepStarted(
        *(at.named[0], run[0], at.place, run[1]), plan.until, _timeout(turn, at), wakes or ("nothing",), rests_at
    )
    _wait(turn, at, run, started)
    _local(turn, (*plan.events, *plan.effects))
    return REST


def _timeout(turn: Turn, at: At) -> int:
    """Return when the step has waited too long; 0 for never."""
    model = at.step.model
    return turn.now + model.timeout.after if isinstance(model, pm.ActionStep) and model.timeout else 0


def _wait(turn: Turn, at: At, run: tuple[str, int], started: p.StepStarted) -> None:
    """Let the step wait; one that waits already only moves its deadline."""
    open_run = turn.state.steps.get(run[0])
    if open_run is None or open_run.retry:
        turn.emit(started)
    elif open_run.due != started.deadline:
        turn.emit(p.StepRescheduled(at.named[0], run[0], started.deadline))


def _local(turn: Turn, events: tuple[Any, ...]) -> None:
    for event in events:
        runs.local(turn, event)


# --- failures ------------------------------------------------------------------------------------------------


def failed(turn: Turn, at: At, run_id: str, attempt: int, reason: str) -> Go:
    """Record a failure, and what its step says is to follow."""
    turn.emit(p.StepFailed(at.named[0], run_id, at.place, reason))
    rule = at.step.model.on_error if isinstance(at.step.model, pm.ActionStep) else None
    if rule is not None and attempt < rule.retry:
        due, following = turn.now + rule.retry_after, attempt + 1
        turn.emit(
            p.StepRetryPlanned(at.named[0], run_id_of(turn, at, following), at.place, following, due)
        )  # fmt: skip
        return REST
    failures.tell(turn, at.full_name, at.template.version, reason)
    if rule is not None and rule.then == "stop":
        turn.emit(p.IncidentRaised(*at.named, attempt, reason))
        return REST
    return _branch(at, 1) if rule is not None and rule.then == "branch" else OVER


def _branch(at: At, slot: int) -> Go:
    first = at.step.blocks[slot]
    return Go((place_of(first, rounds_of(at.place)),)) if first else OVER


def timed_out(turn: Turn, at: At, run: StepRun) -> Go:
    """End a step that has waited too long: its own branch, else as any failure."""
    withdraw(turn, run)
    first = at.step.blocks[0]
    if not first:
        return failed(turn, at, run.run_id, run.attempt, TIMEOUT)
    turn.emit(p.StepFailed(at.named[0], run.run_id, at.place, TIMEOUT))
    return _branch(at, 0)


def cancel(turn: Turn, run: StepRun, cause: str) -> None:
    """Stop a step before its end."""
    withdraw(turn, run)
    turn.emit(p.StepCancelled(run.instance_id, run.run_id, run.place, cause))


def withdraw(turn: Turn, run: StepRun) -> None:
    """Call off the subscriptions of a step that ends without their answers."""
    if run.due and not run.wakes:
        return  # calls with a deadline are answered sooner or later, and nobody listens
    for effect_id, target in zip(run.awaiting, run.targets, strict=True):
        if target:
            named = stable_id("withdraw", effect_id)
            turn.emit(effects.ItemAsked(named, "", target, "withdraw", {"effect_id": effect_id}))


# --- what a step has waited for ------------------------------------------------------------------------------


def answered(turn: Turn, at: At, run: StepRun) -> Go | None:
    """Ask the plan again when the last awaited answer is there; None while others are missing.

    A rest ends with the first answer of a subscription that says that it happened: one that cannot be answered, as what
    it watches is gone, ends nothing.
    """
    if run.wakes:
        happened = any(answer.ok for answer in run.answers.values())
        return woken(turn, at, run, "client_activity") if happened else None
    if run.awaiting or not run.answers:  # without answers it runs a process, or is the next attempt
        return None
    return perform(turn, at, run.run_id, run.attempt, run.answers)


def woken(turn: Turn, at: At, run: StepRun, reason: str) -> Go:
    """End a rest."""
    late = max(0, turn.now - run.due) if reason == TIMEOUT and run.due else 0
    turn.emit(p.StepWoken(run.instance_id, run.run_id, run.place, reason, late))
    withdraw(turn, run)
    return perform(turn, at, run.run_id, run.attempt, turn.state.steps[run.run_id].answers)


def due(turn: Turn, at: At, run: StepRun) -> Go:
    """Do what a step's timer is for."""
    if run.timeout_at and run.timeout_at == run.wakes_at:
        return timed_out(turn, at, run)
    if run.wakes:
        return woken(turn, at, run, TIMEOUT)
    for effect_id in run.awaiting:
        turn.emit(e.EffectAnswered(effect_id, run.run_id, "failed", "delivery_unknown", {}, 0))
    return perform(turn, at, run.run_id, run.attempt, turn.state.steps[run.run_id].answers)
