"""Business processes for the API: what is checked before a change is sent, and how an instance is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from automation.definitions.compiled_process import CompiledTemplate
from automation.definitions.tenant_view import TenantView
from automation.envelope import Key, stable_id
from automation.items.process_changes import ControlProcess, StartProcess
from automation.processes import engine, explaining
from automation.processes.places import step_of
from automation.processes.trying import Tried
from automation.shown import Shower
from automation.values import Value
from services.gateway import process_bodies as pb
from services.gateway.changes import Faults, Origin, frame_of, values_of
from services.gateway.ports import Ports
from services.gateway.problems import Problem, not_found
from services.gateway.sending import Letter
from services.gateway.trying import view_of
from services.history.process_log import LogEntry, ProcessEntry, Why, process_entry


def template_of(view: TenantView, name: str, version: int = 0) -> CompiledTemplate:
    """Return a version of a template, else the one in force, else its draft; raises `Problem` (404)."""
    wanted = version or view.version_in_force("template", name) or view.versions.get(("template", name), 0)
    found = view.template_version(name, wanted)
    if found is None or (not version and ("template", name) not in {*view.current, *view.drafts}):
        raise not_found("template")
    return found


def startable(view: TenantView, name: str, item_type: str) -> CompiledTemplate:
    """Return the version in force of a template that may be started on a type; raises `Problem` (404, 409, 422)."""
    if not view.settings.business_processes:
        raise Problem(409, "processes_off", "business processes are switched off for this tenant")
    if stop := view.stopped_by("template", name):
        raise Problem(409, "stopped", f"{stop} stops it")
    found = view.active_template(name)
    if found is None or found.model.item_type != item_type:
        faults = Faults()
        faults.add("template", "unknown_template", f"no active template {name!r} of a {item_type}"[:300])
        faults.end()
    assert found is not None  # noqa: S101 - `end` has raised
    return found


def params_of(template: CompiledTemplate, given: Mapping[str, Any]) -> dict[str, Value]:
    """Return start parameters as the core holds them; raises `Problem` (422) naming each that is wrong or missing."""
    faults = Faults()
    found = values_of(template.params, given, faults, "params")
    values: dict[str, Value] = {code: value for code, value in found.items() if value is not None}
    wrong = {fault.path for fault in faults.found}
    for code in engine.missing_params(template, values):
        if f"params.{code}" not in wrong:
            faults.add(f"params.{code}", "missing_parameters", "is required")
    faults.end()
    return values


def start_letter(ports: Ports, origin: Origin, key: Key, body: pb.StartBody) -> tuple[Letter, str]:
    """Return the change that starts a process, and the id that the instance will have; raises `Problem`."""
    template = startable(view_of(ports, key.tenant), body.template, key.item_type)
    params = params_of(template, body.params)
    frame = frame_of(origin, key, body, ports.shelf.book.version)
    instance_id = stable_id("instance", key.text, template.id, frame.change_id)
    return Letter("items", frame, StartProcess(template.id, params)), instance_id


def control_letter(ports: Ports, origin: Origin, key: Key, entry: ProcessEntry, body: pb.ControlBody) -> Letter:
    """Return the change that does something with a process; raises `Problem` (409, 422) where it cannot be done."""
    if entry.ended_at:
        raise Problem(409, "process_ended", f"the process is {entry.status}")
    faults = Faults()
    place = _place(entry, body, faults) if body.action in ("retry", "skip") else ""
    variables = _variables(ports, key, entry, body, faults)
    faults.end()
    frame = frame_of(origin, key, body, ports.shelf.book.version)
    change = ControlProcess(entry.instance_id, body.action, place, variables, body.reason)
    return Letter("items", frame, change)


def _place(entry: ProcessEntry, body: pb.ControlBody, faults: Faults) -> str:
    failed = [one.place for one in entry.incidents]
    place = body.place or (failed[0] if len(failed) == 1 else "")
    waiting = [run.place for run in entry.current] if body.action == "skip" else []
    if not place:
        faults.add("place", "missing", f"name the step: {', '.join(failed + waiting) or 'none can be chosen'}"[:500])
    elif place not in failed + waiting:
        rule, what = (
            ("no_incident", "has failed") if body.action == "retry" else ("unknown_step", "waits or has failed")
        )
        faults.add("place", rule, f"no step {what} at {place[:200]}")
    return place


def _variables(
    ports: Ports, key: Key, entry: ProcessEntry, body: pb.ControlBody, faults: Faults
) -> dict[str, Value] | None:
    if body.action != "set":
        return None
    if not body.variables:
        faults.add("variables", "missing", "name the variables to set")
    template = view_of(ports, key.tenant).template_version(entry.template_id, entry.template_version)
    return values_of(template.variables if template else {}, body.variables or {}, faults, "variables")


# --- as it is shown ------------------------------------------------------------------------------------------


def why_of(view: TenantView) -> Why:
    """Return how branches are explained."""
    return lambda before, recorded: explaining.why(view, before, recorded)


def shown_entry(view: TenantView, entry: ProcessEntry, shower: Shower | None = None) -> dict[str, Any]:
    """Return an instance: steps have the titles and types of its version of the template."""
    template, show = view.template_version(entry.template_id, entry.template_version), shower or Shower()
    name = template.model.name if template else ""
    named = _namer(template)
    return {
        **show.plain(entry._replace(log=(), current=(), incidents=())),
        "template_name": name,
        "current": [{**show.plain(run), **named(run.place)} for run in entry.current],
        "incidents": [{**one._asdict(), **named(one.place)} for one in entry.incidents],
        "log": [{**_line(line, show), **named(line.place)} for line in entry.log],
    }


def _namer(template: CompiledTemplate | None) -> Callable[[str], dict[str, str]]:
    def named(place: str) -> dict[str, str]:
        step = template.steps.get(step_of(place)) if template else None
        return {"title": step.model.title or step.id, "type": str(step.model.type)} if step else {}

    return named


def _line(line: LogEntry, show: Shower) -> dict[str, Any]:
    verdicts = [
        {"title": one.title, "holds": one.holds, "condition": show.trace(one.condition)} for one in line.why or ()
    ]
    return {**show.plain(line._replace(why=None)), "why": verdicts}


def shown_try(view: TenantView, found: Tried, show: Shower) -> dict[str, Any]:
    """Return what would come of a start."""
    entry = process_entry(found.states, found.instance_id, why_of(view))
    return {
        "template_id": found.template_id, "template_version": found.template_version,
        "starts": not found.refusal, "refusal": found.refusal, "missing": found.missing,
        "condition": show.trace(found.condition),
        "process": shown_entry(view, entry, show) if entry else None,
        "effects": [show.event(effect) for effect in found.effects],
    }  # fmt: skip
