"""The values in view of a step of a process (spec 1.7, 1.8)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.definitions.compiled_process import CompiledStep, CompiledTemplate
from automation.items.scope import scope_of
from automation.items.turn import Turn
from automation.processes.places import place_of, rounds_of
from automation.processes.state import Instance
from automation.scope import Scope
from automation.values import Value


def scope_in(turn: Turn, template: CompiledTemplate, instance: Instance, step: CompiledStep, place: str) -> Scope:
    """Return the item's values with those of the instance."""
    return scope_of(turn)._replace(
        results=_results(template, instance, step, place), params=instance.params, variables=instance.variables,
        constants=template.constants, iterator=_element(template, instance, step, place),
    )  # fmt: skip


def _results(template: CompiledTemplate, instance: Instance, step: CompiledStep, place: str) -> Mapping[str, Value]:
    """Return the results of the steps, and the value of every iterator around this one as its result (spec 4.43)."""
    if not step.iterator:
        return instance.results
    found, around = dict(instance.results), step
    while around.iterator:
        found[f"{around.iterator}.value"] = _element(template, instance, around, place)
        around = template.steps[around.iterator]
    return found


def _element(template: CompiledTemplate, instance: Instance, step: CompiledStep, place: str) -> Value:
    """Return the value of the innermost iterator around the step; None outside of all."""
    if not step.iterator:
        return None
    rounds = rounds_of(place)
    level = _level(template, step.iterator)
    values = instance.loops.get(place_of(step.iterator, rounds[:level]), ())
    return values[rounds[level]] if level < len(rounds) and rounds[level] < len(values) else None


def _level(template: CompiledTemplate, step_id: str) -> int:
    """Return how many loops stand around a step."""
    level, owner = 0, template.steps[step_id].owner
    while owner:
        level += template.steps[owner].repeats
        owner = template.steps[owner].owner
    return level
