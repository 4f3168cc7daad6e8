"""What came of the processes in a scenario, as tests of definitions write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from automation.envelope import Recorded
from automation.items import process_events as p
from automation.processes.places import step_of
from automation.values import Value


def outcomes(events: Sequence[Recorded]) -> dict[str, str]:
    """Return the last outcome of each process and of each of its steps."""
    templates = _templates(events)
    found: dict[str, str] = {}
    for _, event in events:
        if isinstance(event, p.ProcessNotStarted):
            found[f"process/{event.template_id}"] = f"not_started({event.reason})"
        elif hasattr(event, "instance_id"):
            found.update(_told(event, templates.get(event.instance_id, "")))
    return found


def variables(events: Sequence[Recorded]) -> dict[str, Value]:
    """Return the last values of the variables, by `<template>/<code>`."""
    templates, found = _templates(events), dict[str, Value]()
    for _, event in events:
        values = _assigned(event)
        found.update({f"{templates[event.instance_id]}/{code}": value for code, value in values.items()})
    return found


def results(events: Sequence[Recorded]) -> dict[str, Value]:
    """Return the last results of the steps, by `<template>/<step>.<name>`."""
    templates, found = _templates(events), dict[str, Value]()
    for _, event in events:
        if isinstance(event, p.StepCompleted):
            name = f"{templates[event.instance_id]}/{step_of(event.place)}"
            found.update({f"{name}.{result}": value for result, value in event.results.items()})
    return found


def _templates(events: Sequence[Recorded]) -> dict[str, str]:
    return {one.event.instance_id: one.event.template_id for one in events if isinstance(one.event, p.ProcessStarted)}


def _assigned(event: Any) -> Mapping[str, Value]:
    if isinstance(event, p.ProcessStarted):
        return event.variables
    return event.values if isinstance(event, p.VariablesSet) else {}


def _told(event: Any, template: str) -> Iterator[tuple[str, str]]:
    of_process = _of_process(event)
    if of_process:
        yield f"process/{template}", of_process
    of_step = _of_step(event)
    if of_step:
        yield f"step/{template}/{step_of(event.place)}", of_step


def _of_process(event: Any) -> str:
    match event:
        case p.ProcessStarted() | p.ProcessResumed():
            return "running"
        case p.ProcessPaused():
            return "paused"
        case p.ProcessEnded(outcome="cancelled", cause=cause):
            return f"cancelled({cause})"
        case p.ProcessEnded(outcome=outcome):
            return outcome
        case _:
            return ""


def _of_step(event: Any) -> str:
    match event:
        case p.StepStarted(wakes=wakes):
            return "waiting" if wakes else "running"
        case p.StepSkipped(reason=reason):
            return f"skipped({reason})"
        case p.StepFailed(reason=reason):
            return f"failed({reason})"
        case p.StepCancelled(cause=cause):
            return f"cancelled({cause})"
        case p.IncidentRaised(reason=reason):
            return f"incident({reason})"
        case p.BranchTaken(branch=branch, title=title):
            return f"branch({title or branch})"
        case p.LoopEnded(rounds=rounds):
            return f"rounds({rounds})"
        case _:
            return _PLAIN.get(type(event), "")


_PLAIN: Mapping[type, str] = {p.StepCompleted: "completed", p.StepRetryPlanned: "retrying", p.StepHeld: "held"}
