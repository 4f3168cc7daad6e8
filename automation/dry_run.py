"""What a rule would do on an item now, and why; nothing is performed (design section 2: a plan that nobody performs).

The same functions run as in a decision: `items.runs.perform` on a turn that nobody keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from automation.catalogue import Params
from automation.conditions import Trace, explain
from automation.definitions.arguments import Problem
from automation.definitions.compiled import CompiledRule
from automation.definitions.tenant_view import TenantView
from automation.items import delays, enrolling, runs
from automation.items import events as e
from automation.items.scope import scope_of
from automation.items.state import ItemState, run_id_of
from automation.items.turn import Origin, Setting, Turn
from automation.values import Moment, Value


class DryRun(NamedTuple):
    """What would come of it."""

    rule_id: str
    rule_version: int
    outcome: str
    """`completed`, `skipped`, `failed`, or `running` where calls have to be answered first."""
    reason: str
    due: Moment | None
    """When the delay would be over; None without one, 0 while the date field that it follows is empty."""
    condition: Trace
    params: Mapping[str, Any]
    """Parameters with all insertions read; empty where one of them has no value that fits (see `reason`)."""
    results: Mapping[str, Value]
    events: tuple[Any, ...]
    """What it would change on the item."""
    effects: tuple[Any, ...]
    """The calls that it would make; what it asks for after their answers is not known."""
    refusal: str
    """Why an enrolment of the item now would run nothing, as a reason code; empty if it would run this."""


_ENDS: Mapping[type, str] = {
    e.RuleRunCompleted: "completed",
    e.RuleRunSkipped: "skipped",
    e.RuleRunFailed: "failed",
    e.RuleRunStarted: "running",
}


def dry_run(view: TenantView, state: ItemState, rule: CompiledRule, now: Moment, version: int = 0) -> DryRun:
    """Return what the rule would do if its turn came at `now`; `version` is that of the definitions."""
    turn = _turn(view, state, rule, now, version)
    scope = scope_of(turn)
    params = None if rule.problem else rule.params(scope)
    due = delays.due_of(turn, rule.delay) if rule.delay else None
    runs.perform(turn, rule, run_id_of(state, rule.id, state.entry), state.entry)
    made = [recorded.event for recorded in turn.events]
    end = next(event for event in made if type(event) in _ENDS)
    done = [event for event in made if event is not end]
    return DryRun(
        rule.id, rule.version, _ENDS[type(end)], getattr(end, "reason", ""), due, explain(rule.condition, scope),
        _named(params),
        getattr(end, "results", {}), tuple(event for event in done if not hasattr(event, "CHANNEL")),
        tuple(event for event in done if hasattr(event, "CHANNEL")),
        enrolling.refusal(view, state, rule.id, rule.version),
    )  # fmt: skip


def _named(params: Params | Problem | None) -> Mapping[str, Any]:
    if params is None or isinstance(params, Problem):
        return {}
    return {info.alias or name: getattr(params, name) for name, info in type(params).model_fields.items()}


def _turn(view: TenantView, state: ItemState, rule: CompiledRule, now: Moment, version: int) -> Turn:
    """Return a turn as it is when the rule begins."""
    origin = Origin(state.key, "", now, "automation_rule", "system", state.entry_cause, "dry-run", 0)
    turn = Turn(state, origin, Setting(view, version, now, ""))
    turn.act(f"rule:{rule.id}", "automation_rule", "", state.entry_cause)
    return turn
