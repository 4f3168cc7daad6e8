"""Cross checks of business-process templates: every step against all that it names, and the template as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from automation.catalogue import Entry
from automation.conditions import InvalidConditionError, condition_references, parse_condition
from automation.definitions import param_checks
from automation.definitions import process_models as pm
from automation.definitions.checks import Found, item_type
from automation.definitions.compiled_process import element_type, fields_of, literal, schema_of, start_schema_of
from automation.definitions.models import FieldDef
from automation.definitions.process_order import Order, circle, unreachable
from automation.definitions.tenant_view import TenantView
from automation.insertion import InvalidTemplateError, Parameter, parse_parameter, parse_template
from automation.scope import Reference, Schema
from automation.values import FieldType

_COPIES = ("bp_wait_for_deal_stage", "bp_wait_for_lead_status")
"""Waits that every change would start another copy of (spec 4.28, 4.29)."""
_MOST_NESTED = 10


def template(made: pm.Template, view: TenantView) -> Iterator[Found]:
    """Check a template against everything that it names."""
    yield from item_type(made.item_type, known=pm.PROCESSED)
    yield from _declared(made)
    yield from _start(made, view)
    checker = _Checker(made, view)
    yield from checker.block(made.steps, "steps", checker.schema)
    yield from _circles(made, view)


def with_codes(made: pm.Template, view: TenantView) -> pm.Template:
    """Return the template with titles in what its steps insert resolved to codes (spec 1.9)."""
    schema = schema_of(view, made)._replace(iterator="string")
    written = made.model_dump(mode="json")
    steps = _coded(written["steps"], schema)
    return made if steps == written["steps"] else pm.Template.model_validate({**written, "steps": steps}, strict=False)


def _coded(value: Any, schema: Schema) -> Any:
    if isinstance(value, list):
        return [_coded(part, schema) for part in value]
    if not isinstance(value, Mapping):
        return value
    inserting = ("params", "values", "source")
    return {
        name: param_checks.coded(part, schema) if name in inserting else _coded(part, schema)
        for name, part in value.items()
    }


# --- the template as a whole ---------------------------------------------------------------------------------


def _declared(made: pm.Template) -> Iterator[Found]:
    """Check defaults and constants, and that the results name variables."""
    for listed in ("params", "variables"):
        for at, one in enumerate(getattr(made, listed)):
            if one.default is not None:
                yield from _literal(f"{listed}[{at}].default", one.type, one.default, multiple=one.multiple)
    for at, constant in enumerate(made.constants):
        yield from _literal(f"constants[{at}].value", constant.type, constant.value)
    known = {one.code for one in made.variables}
    for at, code in enumerate(made.results):
        if code not in known:
            yield Found(f"results[{at}]", "unknown_variable", f"the template has no variable {code!r}")


def _literal(path: str, type_: FieldType, raw: Any, *, multiple: bool = False) -> Iterator[Found]:
    try:
        fits = literal("value", type_, raw, multiple=multiple) is not None
    except InvalidTemplateError:
        fits = False
    if not fits:
        yield Found(path, "invalid_value", f"{str(raw)[:60]!r} is no {type_}{' (several)' if multiple else ''}")


def _start(made: pm.Template, view: TenantView) -> Iterator[Found]:
    """Check what automatic starts need: a condition over the item, and values for what is required (spec 5.2)."""
    yield from _condition(made.condition, "condition", start_schema_of(view, made))[0]
    if not (made.autostart_on_add or made.autostart_on_change):
        return
    for at, one in enumerate(made.params):
        if one.required and one.default is None:
            why = f"{one.code!r} is required and has no default: it starts by itself only where a value comes along"
            yield Found(f"params[{at}].default", "missing_parameters", why, "warning")


def _circles(made: pm.Template, view: TenantView) -> Iterator[Found]:
    """Refuse processes that run each other without end."""
    around = circle(view, made, waited=False)
    if around:
        yield Found("steps", "process_cycle", f"processes run each other without a wait: {' > '.join(around)}")
        return
    around = circle(view, made, waited=True)
    if around:
        why = f"processes run each other: {' > '.join(around)}; more than {_MOST_NESTED} that wait for each other fail"
        yield Found("steps", "process_cycle", why, "warning")


# --- steps ---------------------------------------------------------------------------------------------------


def _condition(written: Any, path: str, schema: Schema) -> tuple[list[Found], frozenset[Reference]]:
    try:
        made = parse_condition(written, schema)
    except InvalidConditionError as error:
        found = [Found(f"{path}{one.path.removeprefix('$')}", "condition", one.message) for one in error.errors]
        return found, frozenset()
    return [], frozenset(condition_references(made))


class _Checker:
    """Checks the steps of one template."""

    def __init__(self, made: pm.Template, view: TenantView) -> None:
        self.made, self.view = made, view
        self.schema = schema_of(view, made)
        self.order = Order(made.steps)
        self.variables = fields_of(made.variables)
        self.ending = {name: entry.ends_process for name, entry in view.catalogue.items()}

    def block(self, steps: tuple[Any, ...], path: str, schema: Schema) -> Iterator[Found]:
        """Check a list of steps and what is inside them."""
        for at, step in enumerate(steps):
            here = f"{path}[{at}]"
            yield from self.step(step, here, schema)
            inner = schema
            if isinstance(step, pm.IteratorStep):
                inner = schema._replace(iterator=element_type(step.source, schema))
            for name, block in pm.blocks(step):
                yield from self.block(block, f"{here}.{name}", inner)
        behind = unreachable(steps, self.ending)
        if behind:
            why = f"the process is at its end behind step {steps[behind - 1].id!r}, unless that fails"
            yield Found(f"{path}[{behind}]", "unreachable", why, "warning")

    def step(self, step: Any, path: str, schema: Schema) -> Iterator[Found]:
        """Check one step by itself."""
        match step:
            case pm.ActionStep():
                yield from self.action(step, path, schema)
            case pm.IfStep():
                for at, branch in enumerate(step.branches):
                    yield from self.condition(branch.when, f"{path}.branches[{at}].when", step, schema)
            case pm.WhileStep():
                yield from self.condition(step.condition, f"{path}.condition", step, schema)
            case pm.IteratorStep():
                yield from self.source(step, path, schema)
            case pm.SetStep():
                yield from self.values(step, (f"{path}.values", step.values, self.variables), schema)
            case pm.ProcessStep():
                yield from self.process(step, path, schema)

    def condition(self, written: Any, path: str, step: Any, schema: Schema) -> Iterator[Found]:
        """Check a condition and the results that it compares."""
        found, references = _condition(written, path, schema)
        yield from found
        yield from self.results(references, path, step)

    def source(self, step: pm.IteratorStep, path: str, schema: Schema) -> Iterator[Found]:
        """Check what an iterator goes through: one inserted value."""
        here = f"{path}.source"
        try:
            made = parse_parameter(Parameter("source", "string", True), step.source, schema)
            single = parse_template(step.source, schema).single
        except InvalidTemplateError as error:
            yield from (Found(here, "params", str(one.message)) for one in error.errors)
            return
        if single is None:
            yield Found(here, "one_value", "one inserted value is expected, such as {{field:code}} or {{var:code}}")
        yield from self.results(made.references, here, step)

    def values(
        self, step: Any, given: tuple[str, Mapping[str, Any], Mapping[str, FieldDef]], schema: Schema
    ) -> Iterator[Found]:
        """Check what is assigned to variables, or to the start parameters of another template."""
        path, written, known = given
        what = "start parameter" if isinstance(step, pm.ProcessStep) else "variable"
        for code, raw in written.items():
            here = f"{path}.{code}"
            field = known.get(code)
            if field is None:
                why = f"there is no {what} {code[:60]!r}; known: {', '.join(sorted(known)) or 'none'}"
                yield Found(here, f"unknown_{what.rpartition(' ')[2]}", why)
                continue
            try:
                made = parse_parameter(Parameter(code, field.type, field.multiple), raw, schema)
            except InvalidTemplateError as error:
                yield from (Found(here, "params", str(one.message)) for one in error.errors)
            else:
                yield from self.results(made.references, here, step)

    def results(self, references: Iterable[Reference], path: str, step: Any) -> Iterator[Found]:
        """Check that the steps whose results are used have run by then."""
        for name in sorted(one.name for one in references if one.kind == "result"):
            publisher = name.partition(".")[0]
            if isinstance(self.order.steps[publisher], pm.IteratorStep):
                if not self.order.encloses(publisher, step.id):
                    yield Found(path, "later_result", f"{name} is there inside the iterator {publisher!r} alone")
                continue
            before = self.order.before(publisher, step.id)
            if before == "never":
                yield Found(path, "later_result", f"{name} is published by a step that does not run before this one")
            elif before == "perhaps":
                why = f"{name} may be empty: its step need not have run at that time"
                yield Found(path, "maybe_empty_result", why, "warning")

    def action(self, step: pm.ActionStep, path: str, schema: Schema) -> Iterator[Found]:
        """Check an action: that there is one, that it suits the document, what it takes, and what follows it."""
        yield from self.failure(step, path)
        entry = self.view.catalogue.get(step.type)
        if entry is None or not entry.step_types:
            yield Found(f"{path}.type", "unknown_type", f"{step.type!r} is no action and no construct of processes")
            return
        yield from self.suits(entry, path)
        found, references = param_checks.check(param_checks.Given(step.params, entry), schema, self.view)
        yield from (one._replace(path=f"{path}.{one.path}") for one in found)
        yield from self.results(references, f"{path}.params", step)

    def suits(self, entry: Entry, path: str) -> Iterator[Found]:
        """Check that an action suits the document of the template, and the way in which it starts."""
        if self.made.item_type.partition(".")[0] not in entry.step_types:
            why = f"{entry.id} may be used on {', '.join(entry.step_types)}, not on {self.made.item_type}"
            yield Found(f"{path}.type", "type_not_allowed", why)
        if self.made.autostart_on_change and entry.id in _COPIES:
            why = "every change starts another copy that waits, and all of them go on together: start it on add"
            yield Found(f"{path}.type", "copies_wait", why, "warning")

    def failure(self, step: pm.ActionStep, path: str) -> Iterator[Found]:
        """Check that the steps for failures are for a branch that is taken."""
        rule = step.on_error
        if rule is not None and bool(rule.steps) != (rule.then == "branch"):
            why = "steps are for `then: branch`" if rule.steps else "`then: branch` without steps only goes on"
            yield Found(f"{path}.on_error.steps", "unused_steps", why, "warning")

    def process(self, step: pm.ProcessStep, path: str, schema: Schema) -> Iterator[Found]:
        """Check a run of another template: that it is there, for the same documents, and has all that it needs."""
        other = self.view.current.get(("template", step.template))
        if not isinstance(other, pm.Template):
            yield Found(f"{path}.template", "unknown_template", f"there is no template {step.template[:60]!r}")
            return
        if other.item_type != self.made.item_type:
            why = f"{other.id} is for {other.item_type}, not for {self.made.item_type}"
            yield Found(f"{path}.template", "type_not_allowed", why)
        if not other.runs:
            why = f"{other.id} is not active: the step fails until it is"
            yield Found(f"{path}.template", "inactive_template", why, "warning")
        for one in other.params:
            if one.required and one.default is None and step.params.get(one.code) in (None, "", []):
                yield Found(f"{path}.params.{one.code}", "missing_parameter", f"{other.id} requires {one.code!r}")
        yield from self.values(step, (f"{path}.params", step.params, fields_of(other.params)), schema)
