"""What people do with processes: start, stop, pause, resume, retry, skip, set a variable; each with its author."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from automation.definitions.compiled_process import CompiledTemplate
from automation.errors import ChangeRefusedError
from automation.items import process_events as p
from automation.items.events import ChangeSeen
from automation.items.fields import checked
from automation.items.process_changes import ControlProcess, StartProcess
from automation.items.turn import Turn
from automation.processes import engine, steps
from automation.processes.state import Instance, StepRun
from automation.values import Value

SKIPPED = "skipped_by_hand"


def start(turn: Turn, change: StartProcess) -> None:
    """Start a process by hand; raises `ChangeRefusedError` naming what is wrong with it."""
    template = startable(turn, change.template_id)
    params = {code: value for code, value in checked(template.params, change.params).items() if value is not None}
    missing = engine.missing_params(template, params)
    if missing:
        raise ChangeRefusedError("missing_parameters", f"params.{missing[0]}: is required")
    if not engine.start(turn, template, params, turn.actor):
        turn.emit(ChangeSeen("no_change"))


def startable(turn: Turn, template_id: str) -> CompiledTemplate:
    """Return a template that may be started on the item now; raises `ChangeRefusedError`."""
    view = turn.view
    template = view.active_template(template_id)
    if not view.settings.business_processes:
        raise ChangeRefusedError("processes_off", "settings.business_processes: off for this tenant")
    if template is None or template.model.item_type != turn.key.item_type:
        raise ChangeRefusedError("unknown_template", f"template_id: no active template {template_id[:200]} here")
    if engine.is_full(turn.view, turn.state):
        raise ChangeRefusedError("too_many_processes", f"item: {len(turn.state.processes)} processes run on it")
    return template


def control(turn: Turn, change: ControlProcess) -> None:
    """Do what somebody asks of an instance; raises `ChangeRefusedError` where it cannot be done."""
    instance = turn.state.processes.get(change.instance_id)
    act = _ACTIONS.get(change.action)
    if act is None:
        raise ChangeRefusedError("invalid_value", f"action: one of {', '.join(_ACTIONS)}")
    if instance is None:
        raise ChangeRefusedError("unknown_process", f"instance_id: {change.instance_id[:200]} does not run")
    act(turn, instance, change)
    if not turn.events:
        turn.emit(ChangeSeen("no_change"))


def _stop(turn: Turn, instance: Instance, change: ControlProcess) -> None:
    engine.end(turn, instance.instance_id, "cancelled", change.reason[:1_000] or "stopped", turn.actor)


def _pause(turn: Turn, instance: Instance, change: ControlProcess) -> None:
    for one in _tree(turn, instance):
        if not one.paused:
            turn.emit(p.ProcessPaused(one.instance_id, turn.actor))


def _resume(turn: Turn, instance: Instance, change: ControlProcess) -> None:
    for one in _tree(turn, instance):
        if one.paused:
            turn.emit(p.ProcessResumed(one.instance_id, turn.actor))
            engine.release(turn, one.instance_id, one.held)


def _tree(turn: Turn, instance: Instance) -> Iterator[Instance]:
    """Yield an instance and those that its steps run."""
    yield instance
    for child in tuple(turn.state.processes.values()):
        if child.parent.partition("/")[0] == instance.instance_id:
            yield from _tree(turn, child)


def _retry(turn: Turn, instance: Instance, change: ControlProcess) -> None:
    """Try a failed step again; its calls get keys of their own."""
    attempt = instance.incidents.get(change.place)
    if attempt is None:
        raise ChangeRefusedError("no_incident", f"place: there is no incident at {change.place[:200]}")
    turn.emit(p.IncidentResolved(instance.instance_id, change.place, "retry", turn.actor))
    turn.later(lambda t: engine.reach(t, instance.instance_id, change.place, attempt + 1))


def _skip(turn: Turn, instance: Instance, change: ControlProcess) -> None:
    """Go on behind a failed or waiting step."""
    instance_id, place = instance.instance_id, change.place
    run = _run_at(turn, instance, place)
    if place in instance.incidents:
        turn.emit(p.IncidentResolved(instance_id, place, "skip", turn.actor))
    elif run is not None:
        steps.withdraw(turn, run)
        turn.emit(p.StepSkipped(instance_id, run.run_id, place, SKIPPED))
        engine.stop_children(turn, run, SKIPPED)
    else:
        raise ChangeRefusedError("unknown_step", f"place: no step waits at {place[:200]}")
    turn.later(lambda t: _go_on(t, instance_id, place))


def _go_on(turn: Turn, instance_id: str, place: str) -> None:
    at = engine.at_place(turn, instance_id, place)
    if at is not None:
        engine.over(turn, at)


def _run_at(turn: Turn, instance: Instance, place: str) -> StepRun | None:
    listed = (run for run in turn.state.steps.values() if run.instance_id == instance.instance_id)
    return next((run for run in listed if run.place == place), None)


def _set(turn: Turn, instance: Instance, change: ControlProcess) -> None:
    template = engine.find(turn, instance)
    values: dict[str, Value] = checked(template.variables if template else {}, change.variables or {})
    if values:
        turn.emit(p.VariablesSet(instance.instance_id, "", values, turn.actor))


_ACTIONS: Mapping[str, Callable[[Turn, Instance, ControlProcess], None]] = {
    "stop": _stop,
    "pause": _pause,
    "resume": _resume,
    "retry": _retry,
    "skip": _skip,
    "set": _set,
}
