"""Rules and triggers compiled for running: condition and parameters are parsed once (spec 1.6, 1.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automation.catalogue import Entry, Params
from automation.conditions import (
    ALWAYS,
    Condition,
    InvalidConditionError,
    Predicate,
    compile_condition,
    parse_condition,
)
from automation.definitions.arguments import Arguments, InvalidParamsError, Problem, compile_arguments
from automation.definitions.models import FieldDef, Rule, Trigger
from automation.definitions.time_models import Delay
from automation.plan import Context, Failed, Plan, Skipped
from automation.scope import Schema, Scope
from automation.values import FieldType

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView


FIELD_CHANGED = "field_changed"
"""The fact that a save changed fields (spec 2.3)."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One version of a rule; `problem` says why it cannot run (a field it names is gone)."""

    id: str
    version: int
    name: str
    delay: Delay
    parallel: bool
    entry: Entry | None
    condition: Condition
    holds: Predicate
    arguments: Arguments | None
    problem: str

    def check(self, scope: Scope) -> Plan | None:
        """Return why the rule does no work now; None if its plan is to be asked."""
        if self.problem:
            return Failed(self.problem)
        return None if self.holds(scope) else Skipped("condition_not_met")

    def params(self, scope: Scope) -> Params | Problem:
        """Return the parameters with all insertions read."""
        return self.arguments.resolve(scope) if self.arguments else Problem(self.problem)

    def plan(self, context: Context, params: Params) -> Plan:
        """Ask the entry's plan."""
        if self.entry is None or self.entry.plan is None:
            return Failed("internal_error")
        return self.entry.plan(context, params)


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """One version of a trigger."""

    id: str
    version: int
    stage: str
    on_behalf_of: str
    allow_previous_stage: bool
    payment: bool
    condition: Condition
    holds: Predicate
    fields: frozenset[str] = frozenset()
    """Codes of the fields that it watches; empty if it watches no fields."""


def field_types(fields: Mapping[str, FieldDef]) -> dict[str, FieldType]:
    """Return the type of each field as conditions and insertions see it."""
    return {code: field.seen_as for code, field in fields.items()}


def schema_for(view: TenantView, item_type: str, pipeline: str, stage: str = "", fact: str = "") -> Schema:
    """Return the names that a rule of a stage, or a trigger of a fact, may use."""
    owner = view.pipelines.get((item_type, pipeline))
    fields = view.fields(item_type)
    results = view.results_of((item_type, pipeline, stage)) if stage else {}
    related = {"invoice": field_types(view.fields("invoice"))} if fact == "invoice_paid" else {}
    constants: dict[str, FieldType] = {}
    for name, value in (owner.constants if owner else {}).items():
        constants[name] = _constant_type(value)
    titles = {code: field.title for code, field in fields.items()}
    return Schema(
        field_types(fields), titles=titles, results=results, constants=constants, related=related,
        multiple=view.several_of(item_type),
        details=view.details_fields, item_type=item_type, changes=fact == FIELD_CHANGED,
        types_of=view.types_of, several_of=view.several_of,
    )  # fmt: skip


def _constant_type(value: Any) -> FieldType:
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) else "number" if isinstance(value, float) else "string"


def _condition(data: Any, schema: Schema) -> tuple[Condition, str]:
    try:
        return parse_condition(data, schema), ""
    except InvalidConditionError:
        return ALWAYS, "invalid_value:condition"


def condition_of(data: Any, schema: Schema) -> tuple[Predicate, str]:
    """Compile a condition; one that no longer fits the fields never holds, and is named as the problem."""
    condition, problem = _condition(data, schema)
    return (_never if problem else compile_condition(condition)), problem


def _never(_scope: Scope) -> bool:
    return False


def compile_rule(rule: Rule, version: int, view: TenantView) -> CompiledRule:
    """Compile a rule against the fields in force; what no longer fits makes its runs fail with a reason."""
    schema = schema_for(view, rule.item_type, rule.pipeline, rule.stage)
    entry = view.catalogue.get(rule.type)
    condition, problem = _condition(rule.condition, schema)
    arguments = None
    if entry is None:
        problem = problem or "internal_error"
    else:
        try:
            arguments = compile_arguments(entry.params, rule.params, schema)
        except InvalidParamsError as error:
            problem = problem or f"invalid_value:{error.errors[0][0].partition('[')[0]}"
    return CompiledRule(
        rule.id, version, rule.name, rule.delay, rule.run_mode == "parallel", entry, condition,
        compile_condition(condition), arguments, problem,
    )  # fmt: skip


def compile_trigger(trigger: Trigger, version: int, entry: Entry, view: TenantView) -> CompiledTrigger:
    """Compile a trigger; one whose condition no longer fits the fields never holds."""
    schema = schema_for(view, trigger.item_type, trigger.pipeline, fact=entry.fact)
    condition, _ = _condition(trigger.condition, schema)
    holds, _ = condition_of(trigger.condition, schema)
    return CompiledTrigger(
        trigger.id, version, trigger.stage, trigger.on_behalf_of, trigger.allow_previous_stage, entry.payment,
        condition, holds, _watched(trigger, entry, schema),
    )  # fmt: skip


def _watched(trigger: Trigger, entry: Entry, schema: Schema) -> frozenset[str]:
    """Return the fields that a trigger watches; one whose parameters no longer fit watches none."""
    if entry.watched is None:
        return frozenset()
    try:
        made = compile_arguments(entry.params, trigger.params, schema).resolve(Scope({}))
    except InvalidParamsError:
        return frozenset()
    return frozenset() if isinstance(made, Problem) else frozenset(entry.watched(made))


def by_field(triggers: Iterable[CompiledTrigger]) -> Mapping[str, tuple[int, ...]]:
    """Return the places of triggers in their order by the fields that they watch."""
    found: dict[str, list[int]] = {}
    for place, trigger in enumerate(triggers):
        for code in trigger.fields:
            found.setdefault(code, []).append(place)
    return {code: tuple(places) for code, places in found.items()}
