"""Why a process went where it went: the conditions of a branch or loop with the values that they met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from automation.conditions import GroupTrace, InvalidConditionError, Trace, explain, parse_condition
from automation.definitions import process_models as pm
from automation.definitions.compiled_process import CompiledStep, CompiledTemplate, element_type, schema_of
from automation.definitions.tenant_view import TenantView
from automation.envelope import Recorded
from automation.items import process_events as p
from automation.items.state import ItemState
from automation.items.turn import Origin, Setting, Turn
from automation.processes.places import step_of
from automation.processes.scope import scope_in
from automation.scope import Schema, Scope
from automation.values import Moment

_GONE = GroupTrace("all", (), verdict=False)
"""A condition that names what there is no more: it never holds."""


class Verdict(NamedTuple):
    """One condition of a step: a branch's, in order, or that of a loop."""

    title: str
    holds: bool
    condition: Trace


def turn_on(view: TenantView, state: ItemState, now: Moment, version: int = 0) -> Turn:
    """Return a turn that nobody keeps, on an item as it is in a process."""
    origin = Origin(state.key, "", now, "business_process", "system", "", "dry-run", 0)
    return Turn(state, origin, Setting(view, version, now, ""))


def why(view: TenantView, before: ItemState, recorded: Recorded) -> tuple[Verdict, ...] | None:
    """Return the conditions behind an event of a branch or loop, by the state before it; None for other events."""
    env, event = recorded
    if not isinstance(event, p.BranchTaken | p.RoundBegan | p.LoopEnded):
        return None
    instance = before.processes.get(event.instance_id)
    template = view.template_version(instance.template_id, instance.template_version) if instance else None
    step = template.steps.get(step_of(event.place)) if template else None
    if instance is None or template is None or step is None or not isinstance(step.model, pm.IfStep | pm.WhileStep):
        return None
    scope = scope_in(turn_on(view, before, env.recorded_at), template, instance, step, event.place)
    return judged(view, template, step, scope)


def judged(view: TenantView, template: CompiledTemplate, step: CompiledStep, scope: Scope) -> tuple[Verdict, ...]:
    """Return the conditions of a branch or loop with the values of a scope."""
    schema = _schema(view, template, step)
    found = ((title, explained(written, schema, scope)) for title, written in _conditions(step.model))
    return tuple(Verdict(title, trace.verdict, trace) for title, trace in found)


def explained(written: Any, schema: Schema, scope: Scope) -> Trace:
    """Return a condition as it was written with the values that it meets."""
    try:
        return explain(parse_condition(written, schema), scope)
    except InvalidConditionError:
        return _GONE


def _conditions(model: Any) -> Iterator[tuple[str, Any]]:
    match model:
        case pm.IfStep():
            yield from ((branch.title, branch.when) for branch in model.branches)
        case pm.WhileStep():
            yield model.title, model.condition


def _schema(view: TenantView, template: CompiledTemplate, step: CompiledStep) -> Schema:
    schema = schema_of(view, template.model)
    if not step.iterator:
        return schema
    source = template.steps[step.iterator].model.source
    return schema._replace(iterator=element_type(source, schema))
