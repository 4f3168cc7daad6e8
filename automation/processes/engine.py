"""Run business processes: instances begin, steps have their turns, what ends is followed by the next (spec 1.3, 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from automation.definitions.compiled_process import CompiledTemplate
from automation.definitions.tenant_view import TenantView
from automation.envelope import stable_id
from automation.insertion import InvalidValue
from automation.items import entering
from automation.items import events as e
from automation.items import process_events as p
from automation.items.evolve import HOUR_MS
from automation.items.sizes import TURN_LIMIT
from automation.items.state import ItemState
from automation.items.turn import Turn
from automation.processes import constructs, steps
from automation.processes.constructs import At
from automation.processes.flow import OVER, REST, Go
from automation.processes.places import place_of, rounds_of, step_of
from automation.processes.state import Instance, StepRun
from automation.values import Moment, Value

PORTION = 500
"""Steps that processes do in one turn; what is left has its turn by a timer, so that nobody else waits for long."""
PAUSE_MS = 100
"""How long after a portion the next one begins: changes of other items come between."""
STOPPED_MS, LONGEST_STOPPED_MS = 60_000, HOUR_MS
"""When a step behind a kill switch is tried again: after a quarter of the time that the switch is on, within these."""
MOST_NESTED = 10
"""Processes that may run each other, one inside the other."""


def start(
    turn: Turn, template: CompiledTemplate, params: Mapping[str, Value], started_by: str, *, parent: str = "",
    waits: bool = False,
) -> str:  # fmt: skip
    """Begin an instance and queue its first step; return its id, empty where this very start was made already."""
    instance_id = stable_id("instance", turn.key_text, template.id, parent or turn.change_id or turn.cause)
    if instance_id in turn.state.processes or instance_id in turn.started:
        return ""
    turn.started.add(instance_id)
    values = {**template.defaults, **params}
    turn.emit(
        p.ProcessStarted(
            instance_id, template.id, template.version, values, template.initial, started_by, parent, waits
        )
    )  # fmt: skip
    turn.later(lambda t: reach(t, instance_id, template.first))
    return instance_id


def find(turn: Turn, instance: Instance) -> CompiledTemplate | None:
    """Return the version of the template that the instance began with."""
    return turn.view.template_version(instance.template_id, instance.template_version)


def at_place(turn: Turn, instance_id: str, place: str) -> At | None:
    """Return a step in its instance, acted for by the process; None where either is gone."""
    instance = turn.state.processes.get(instance_id)
    template = find(turn, instance) if instance else None
    step = template.steps.get(step_of(place)) if template else None
    if instance is None or template is None or step is None:
        return None
    turn.act(f"process:{template.id}", "business_process", "", instance.cause_id)
    return At(template, instance, step, place)


def reach(turn: Turn, instance_id: str, place: str, attempt: int = 0) -> None:
    """Let a step have its turn, or hold it."""
    at = at_place(turn, instance_id, place)
    if at is None or turn.state.deleted or not at.is_open:
        return
    held = _held_until(turn, at)
    if held is not None:
        turn.emit(p.StepHeld(instance_id, place, held, attempt))
        return
    turn.steps += 1
    begin = _BEGIN.get(at.step.kind)
    _go(turn, at, steps.guarded(turn, at, begin) if begin else steps.begin(turn, at, attempt))


def _held_until(turn: Turn, at: At) -> Moment | None:
    """Return when a step that may not begin is tried again, 0 for the end of a pause; None where it may."""
    if at.instance.paused:
        return 0
    stopped = turn.view.stopped_since("template", at.template.id)
    if stopped is not None:
        return turn.now + min(max((turn.now - stopped) // 4, STOPPED_MS), LONGEST_STOPPED_MS)
    if turn.steps >= PORTION or turn.room < TURN_LIMIT // 2:
        return turn.now + PAUSE_MS
    hour, done = turn.state.worked_hour, turn.state.worked_steps
    if done >= turn.view.settings.process_limits.steps_per_hour and hour == turn.now // HOUR_MS:
        return (hour + 1) * HOUR_MS
    return None


def is_full(view: TenantView, state: ItemState) -> bool:
    """Say whether as many instances run on the item as may."""
    return len(state.processes) >= view.settings.process_limits.open


def _loop(turn: Turn, at: At) -> Go:
    return constructs.repeat(turn, at, 0)


def _process(turn: Turn, at: At) -> Go:
    """Run another template on the item."""
    model = at.step.model
    template = turn.view.active_template(model.template)
    run_id = steps.run_id_of(turn, at, 0)
    reason = _refusal(turn, at, template)
    if reason or template is None:
        return steps.failed(turn, at, run_id, 0, reason)
    made = constructs.resolved(turn, at)
    params = {code: v for code, v in made.items() if not isinstance(v, InvalidValue) and v is not None}
    wrong = [v.reason for v in made.values() if isinstance(v, InvalidValue)]
    wrong += [f"missing_value:{code}" for code in missing_params(template, params)]
    if wrong:
        return steps.failed(turn, at, run_id, 0, wrong[0])
    if model.wait:
        turn.emit(p.StepStarted(at.named[0], run_id, at.place, 0, 0))
    start(turn, template, params, "process", parent="/".join(at.named), waits=model.wait)
    if model.wait:
        return REST
    turn.emit(p.StepCompleted(at.named[0], run_id, at.place, {}))
    return OVER


def _refusal(turn: Turn, at: At, template: CompiledTemplate | None) -> str:
    if template is None or template.model.item_type != turn.key.item_type:
        return "template_not_found"
    depth, parent = 0, at.instance.parent
    while parent:
        above = turn.state.processes.get(parent.partition("/")[0])
        depth, parent = depth + 1, above.parent if above else ""
    return "too_many_processes" if depth >= MOST_NESTED or is_full(turn.view, turn.state) else ""


def missing_params(template: CompiledTemplate, params: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the required start parameters that have no value."""
    given = {**template.defaults, **params}
    return tuple(one.code for one in template.model.params if one.required and given.get(one.code) in (None, "", ()))


_BEGIN: Mapping[str, Callable[[Turn, At], Go]] = {
    "if": constructs.choose,
    "parallel": constructs.fork,
    "while": _loop,
    "bp_iterator": _loop,
    "process": _process,
    "set": constructs.assign,
    "end": constructs.end,
}


# --- what follows --------------------------------------------------------------------------------------------


def _go(turn: Turn, at: At, go: Go) -> None:
    instance_id = at.instance.instance_id
    for place in go.places:
        _queue(turn, instance_id, place)
    if go.ends:
        end(turn, instance_id, "completed")
    if go.to_pipeline:
        _enter_pipeline(turn, go)
    elif go.to_stage not in ("", turn.state.stage):
        turn.depth += 1
        entering.move(turn, go.to_stage, automated=True)
    if go.over:
        over(turn, at)


def _enter_pipeline(turn: Turn, go: Go) -> None:
    """Stop all that runs on the item, and let it enter another pipeline (spec 4.34)."""
    stop_all(turn, "pipeline_changed")
    for run in tuple(turn.state.runs.values()):
        if run.status == "running":
            turn.emit(e.RuleRunCancelled(run.run_id, run.rule_id, run.rule_version, run.entry, "pipeline_changed"))
    turn.depth += 1
    entering.change_pipeline(turn, go.to_pipeline, go.to_stage, automated=True)


def _queue(turn: Turn, instance_id: str, place: str, attempt: int = 0) -> None:
    turn.later(lambda t: reach(t, instance_id, place, attempt))


def over(turn: Turn, at: At) -> None:
    """Go on behind a step that has ended."""
    step, rounds = at.step, rounds_of(at.place)
    if step.next:
        _queue(turn, at.instance.instance_id, place_of(step.next, rounds))
    elif not step.owner:
        end(turn, at.instance.instance_id, "completed")
    else:
        owner = at.template.steps[step.owner]
        place = place_of(owner.id, rounds[:-1] if owner.repeats else rounds)
        _block_over(turn, At(at.template, at.instance, owner, place), step.slot, rounds)


def _block_over(turn: Turn, at: At, slot: int, rounds: tuple[int, ...]) -> None:
    if at.step.repeats:
        _go(turn, at, steps.guarded(turn, _now(turn, at), lambda t, a: constructs.repeat(t, a, rounds[-1] + 1)))
    elif at.step.kind == "parallel":
        go = constructs.path_ended(turn, at, slot)
        if go is not None:
            _stop_inside(turn, at)
            _go(turn, at, go)
    else:
        over(turn, at)


def _now(turn: Turn, at: At) -> At:
    """Return the same step with its instance as it is by now."""
    return At(at.template, turn.state.processes[at.instance.instance_id], at.step, at.place)


def _stop_inside(turn: Turn, at: At) -> None:
    """Stop whatever still runs on the paths of a parallel step."""
    instance = turn.state.processes[at.instance.instance_id]
    for run in tuple(turn.state.steps.values()):
        if run.instance_id == instance.instance_id and at.contains(run.place):
            _cancel_step(turn, run, "other_path_ended")
    held = tuple(place for place in instance.held if at.contains(place))
    if held:
        turn.emit(p.StepsReleased(instance.instance_id, held))
    for place in instance.incidents:
        if at.contains(place):
            turn.emit(p.IncidentResolved(instance.instance_id, place, "cancelled", ""))


def _cancel_step(turn: Turn, run: StepRun, cause: str) -> None:
    steps.cancel(turn, run, cause)
    stop_children(turn, run, cause)


def stop_children(turn: Turn, run: StepRun, cause: str) -> None:
    """Cancel the processes that a step runs."""
    for child in tuple(turn.state.processes.values()):
        if child.parent == f"{run.instance_id}/{run.place}":
            end(turn, child.instance_id, "cancelled", cause)


def end(turn: Turn, instance_id: str, outcome: str, cause: str = "", by: str = "") -> None:
    """End an instance with all that runs in it; the step that waits for it goes on."""
    instance = turn.state.processes.get(instance_id)
    if instance is None:
        return
    for run in tuple(turn.state.steps.values()):
        if run.instance_id == instance_id:
            _cancel_step(turn, run, cause or "process_ended")
    turn.emit(p.ProcessEnded(instance_id, outcome, cause, by))
    if instance.parent and instance.waits:
        turn.later(lambda t: _child_ended(t, instance, outcome))


def _child_ended(turn: Turn, child: Instance, outcome: str) -> None:
    parent_id, _, place = child.parent.partition("/")
    at = at_place(turn, parent_id, place)
    run_id = steps.run_id_of(turn, at, 0) if at else ""
    if at is None or run_id not in turn.state.steps:
        return
    template = find(turn, child)
    wanted = template.model.results if template else ()
    if outcome == "completed":
        results = {code: child.variables.get(code) for code in wanted}
        turn.emit(p.StepCompleted(parent_id, run_id, place, results))
        over(turn, _now(turn, at))
    else:
        _go(turn, at, steps.failed(turn, at, run_id, 0, "process_cancelled"))


# --- steps that waited ---------------------------------------------------------------------------------------


def on_answered(turn: Turn, run_id: str) -> None:
    """Go on with a step when the last awaited answer is there."""
    run = turn.state.steps.get(run_id)
    at = at_place(turn, run.instance_id, run.place) if run else None
    if run is None or at is None:
        return
    if run.due and not run.wakes:  # what ends a wait continues the chain that it comes from (spec 6.8)
        turn.depth, turn.root = run.depth, run.root_id
    go = steps.answered(turn, at, run)
    if go is not None:
        _go(turn, _now_or(turn, at), go)


def _now_or(turn: Turn, at: At) -> At:
    return _now(turn, at) if at.instance.instance_id in turn.state.processes else at


def on_due(turn: Turn, run_id: str) -> None:
    """Do what the timer of a step is for; the next attempt may be held like any other beginning of a step."""
    run = turn.state.steps.get(run_id)
    at = at_place(turn, run.instance_id, run.place) if run else None
    if run is not None and run.retry:
        reach(turn, run.instance_id, run.place, run.attempt)
    elif run is not None and at is not None:
        _go(turn, _now_or(turn, at), steps.due(turn, at, run))


def on_activity(turn: Turn) -> None:
    """End the rests that any activity of the client ends (spec 1.16)."""
    for run in tuple(turn.state.steps.values()):
        at = at_place(turn, run.instance_id, run.place) if "client_activity" in run.wakes else None
        if at is not None and run.run_id in turn.state.steps:
            _go(turn, _now_or(turn, at), steps.woken(turn, at, run, "client_activity"))


def release(turn: Turn, instance_id: str, places: Iterable[str]) -> None:
    """Let steps that were held begin."""
    instance = turn.state.processes.get(instance_id)
    free = tuple(place for place in places if instance and place in instance.held)
    if instance and free:
        turn.emit(p.StepsReleased(instance_id, free))
        for place in free:
            _queue(turn, instance_id, place, instance.retries.get(place, 0))


def stop_all(turn: Turn, cause: str) -> None:
    """Cancel all processes of the item (spec 6.3)."""
    for instance_id in tuple(turn.state.processes):
        end(turn, instance_id, "cancelled", cause)
