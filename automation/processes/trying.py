"""What a template would do on an item now; nothing is performed (as `automation.dry_run` for rules)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from automation.conditions import Trace
from automation.definitions.compiled_process import CompiledTemplate, schema_of
from automation.definitions.tenant_view import TenantView
from automation.envelope import Recorded
from automation.items.evolve import evolve
from automation.items.scope import scope_of
from automation.items.state import ItemState
from automation.processes import engine
from automation.processes.explaining import explained, turn_on
from automation.values import Moment, Value


class Tried(NamedTuple):
    """What would come of a start."""

    template_id: str
    template_version: int
    refusal: str
    """Why nothing would start, as a reason code; empty if it would."""
    missing: tuple[str, ...]
    """Required start parameters without a value."""
    condition: Trace
    """The condition of automatic starts, with the values that it meets."""
    instance_id: str
    states: tuple[tuple[ItemState, Recorded, ItemState], ...]
    """What would happen until the process waits or ends: each event between the states before and after it."""

    @property
    def effects(self) -> tuple[Any, ...]:
        """The calls that it would make."""
        return tuple(one.event for _, one, _ in self.states if hasattr(one.event, "CHANNEL"))


def try_start(
    view: TenantView, state: ItemState, template: CompiledTemplate, params: Mapping[str, Value], now: Moment,
    version: int = 0,
) -> Tried:  # fmt: skip
    """Return what would come of starting a version of a template on an item at `now`."""
    turn = turn_on(view, state, now, version)
    condition = explained(template.model.condition, schema_of(view, template.model), scope_of(turn))
    missing = engine.missing_params(template, params)
    refusal = _refusal(view, state, template) or ("missing_parameters" if missing else "")
    named = (template.id, template.version, refusal, missing, condition)
    if refusal:
        return Tried(*named, "", ())
    instance_id = engine.start(turn, template, params, "system")
    turn.finish()
    return Tried(*named, instance_id, tuple(_between(state, turn.events)))


def _refusal(view: TenantView, state: ItemState, template: CompiledTemplate) -> str:
    if not view.settings.business_processes:
        return "processes_off"
    if template.model.item_type != state.item_type:
        return "unknown_template"
    if view.stopped_by("template", template.id):
        return "template_stopped"
    return "too_many_processes" if engine.is_full(view, state) else ""


def _between(state: ItemState, events: list[Recorded]) -> list[tuple[ItemState, Recorded, ItemState]]:
    found = []
    for recorded in events:
        before, state = state, evolve(state, recorded)
        found.append((before, recorded, state))
    return found
