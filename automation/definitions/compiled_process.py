"""Templates compiled for running: steps by id with what follows them; conditions and values are parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automation.catalogue import Entry
from automation.conditions import Predicate
from automation.definitions import process_models as pm
from automation.definitions.arguments import Arguments, InvalidParamsError, compile_arguments
from automation.definitions.compiled import condition_of, field_types
from automation.definitions.models import FieldDef
from automation.insertion import InvalidTemplateError, Parameter, parse_parameter, parse_template
from automation.insertion.parameters import Inserted, InvalidValue
from automation.scope import Reference, Schema, Scope
from automation.values import FieldType, Value

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """One step; `problem` says why it cannot run: something that it names is gone."""

    id: str
    model: Any
    next: str
    """The step behind it in its block; empty for the last one."""
    owner: str
    """The step whose block it is in; empty at the top."""
    slot: int
    """Which block of the owner."""
    blocks: tuple[str, ...]
    """The first step of each of its own blocks; empty for a block without steps. Of an action: timeout, error."""
    problem: str = ""
    entry: Entry | None = None
    arguments: Arguments | None = None
    holds: tuple[Predicate, ...] = ()
    values: Mapping[str, Inserted] = field(default_factory=dict)
    """Of a set, and of a sub-process: its parameters."""
    source: Inserted | None = None
    iterator: str = ""
    """The innermost iterator around it."""

    @property
    def kind(self) -> str:
        """`action`, or the construct."""
        return "action" if isinstance(self.model, pm.ActionStep) else str(self.model.type)

    @property
    def repeats(self) -> bool:
        """Say whether the steps inside have a number of a round in their places."""
        return isinstance(self.model, pm.WhileStep | pm.IteratorStep)


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """One version of a template."""

    id: str
    version: int
    model: pm.Template
    first: str
    steps: Mapping[str, CompiledStep]
    params: Mapping[str, FieldDef]
    variables: Mapping[str, FieldDef]
    defaults: Mapping[str, Value]
    """Of start parameters."""
    initial: Mapping[str, Value]
    """Of variables."""
    constants: Mapping[str, Value]
    holds: Predicate

    def is_under(self, step_id: str, owner: str) -> bool:
        """Say whether a step stands in a block of another one, however deep."""
        while step_id:
            step_id = self.steps[step_id].owner
            if step_id == owner:
                return True
        return False


def field_of(one: pm.Parameter) -> FieldDef:
    """Return a parameter or variable as the checks of field values know it."""
    return FieldDef(code=one.code, title=one.title or one.code, type=one.type, multiple=one.multiple)


def fields_of(listed: tuple[pm.Parameter, ...]) -> dict[str, FieldDef]:
    """Return parameters or variables by code."""
    return {one.code: field_of(one) for one in listed}


def literal(code: str, type_: FieldType, raw: Any, *, multiple: bool = False) -> Value:
    """Read a value that was written down; raises `InvalidTemplateError`."""
    made = parse_parameter(Parameter(code, type_, multiple), raw, Schema({})).resolve(Scope({}))
    return None if isinstance(made, InvalidValue) else made


def schema_of(view: TenantView, template: pm.Template) -> Schema:
    """Return the names that the steps of a template may use, the iterator's value aside."""
    own = view.fields(template.item_type)
    made = Schema(
        field_types(own), titles={code: one.title for code, one in own.items()}, results=results_of(view, template),
        params=field_types(fields_of(template.params)), variables=field_types(fields_of(template.variables)),
        constants={one.code: one.type for one in template.constants},
        multiple=view.several_of(template.item_type), details=view.details_fields,
        item_type=template.item_type, types_of=view.types_of, other_titles=_titles_of(template),
        several_of=view.several_of, bookable=view.bookable(template.item_type),
        spa_types=_spa_types(view),
    )  # fmt: skip
    loops = (step for _, step in pm.walk(template.steps) if isinstance(step, pm.IteratorStep))
    return made._replace(
        results={**made.results, **{f"{one.id}.value": element_type(one.source, made) for one in loops}}
    )


def start_schema_of(view: TenantView, template: pm.Template) -> Schema:
    """Return the names that the condition of automatic starts may use: those of the item, and of its change."""
    own = schema_of(view, template)
    return own._replace(results={}, params={}, variables={}, constants={}, changes=template.autostart_on_change)


def _titles_of(template: pm.Template) -> dict[Reference, str]:
    params = {Reference("param", one.code): one.title for one in template.params if one.title}
    return params | {Reference("var", one.code): one.title for one in template.variables if one.title}


def _spa_types(view: TenantView) -> frozenset[str]:
    """Return the smart processes: those that have a pipeline."""
    named = (item_type.partition(".") for item_type, _ in view.pipelines)
    return frozenset(own for base, _, own in named if base == "spa_item" and own)


def results_of(view: TenantView, template: pm.Template) -> dict[str, FieldType]:
    """Return the results of all steps, by `<step>.<name>`."""
    found: dict[str, FieldType] = {}
    for _, step in pm.walk(template.steps):
        if isinstance(step, pm.ActionStep):
            entry = view.catalogue.get(step.type)
            published = entry.results_of(step.params, view) if entry else {}
        elif isinstance(step, pm.ProcessStep) and step.wait:
            other = view.current.get(("template", step.template))
            published = _returned(other) if isinstance(other, pm.Template) else {}
        else:
            continue
        found.update({f"{step.id}.{name}": type_ for name, type_ in published.items()})
    return found


def _returned(template: pm.Template) -> dict[str, FieldType]:
    types = field_types(fields_of(template.variables))
    return {code: types[code] for code in template.results if code in types}


def element_type(source: str, schema: Schema) -> FieldType:
    """Return the type of one element of an iterator's source."""
    try:
        single = parse_template(source, schema).single
    except InvalidTemplateError:
        return "string"
    return single.type if single is not None and single.type in ("user", "item", "file") else "string"


class _Builder:
    """Compiles the steps of one template."""

    def __init__(self, template: pm.Template, view: TenantView) -> None:
        self.view = view
        self.template = template
        self.schema = schema_of(view, template)
        self.steps: dict[str, CompiledStep] = {}

    def block(self, steps: tuple[Any, ...], owner: str, slot: int, schema: Schema, iterator: str) -> str:
        """Compile a list of steps; return the id of the first one."""
        for at, step in enumerate(steps):
            following = steps[at + 1].id if at + 1 < len(steps) else ""
            self.steps[step.id] = self.step(step, (following, owner, slot), schema, iterator)
        return steps[0].id if steps else ""

    def step(self, step: Any, place: tuple[str, str, int], schema: Schema, iterator: str) -> CompiledStep:
        """Compile one step and what is inside it."""
        inner, inside = schema, iterator
        if isinstance(step, pm.IteratorStep):
            inner, inside = schema._replace(iterator=element_type(step.source, schema)), step.id
        firsts = tuple(self.block(block, step.id, slot, inner, inside) for slot, block in enumerate(blocks_of(step)))
        try:
            made = self.parts(step, schema)
        except (InvalidParamsError, InvalidTemplateError):
            made = {"problem": "internal_error"}
        return CompiledStep(step.id, step, *place, firsts, iterator=iterator, **made)

    def parts(self, step: Any, schema: Schema) -> dict[str, Any]:
        """Return what is particular to the kind of step; raises what its values break."""
        match step:
            case pm.ActionStep():
                return self.action(step, schema)
            case pm.IfStep():
                return _conditions([branch.when for branch in step.branches], schema)
            case pm.WhileStep():
                return _conditions([step.condition], schema)
            case pm.IteratorStep():
                return {"source": parse_parameter(Parameter("source", "string", True), step.source, schema)}
            case pm.SetStep():
                return {"values": _assigned(step.values, fields_of(self.template.variables), schema)}
            case pm.ProcessStep():
                other = self.view.current.get(("template", step.template))
                known = fields_of(other.params) if isinstance(other, pm.Template) else {}
                return {"values": _assigned(step.params, known, schema)}
            case _:
                return {}

    def action(self, step: pm.ActionStep, schema: Schema) -> dict[str, Any]:
        """Compile the parameters of an action."""
        entry = self.view.catalogue.get(step.type)
        if entry is None:
            return {"problem": "internal_error"}
        try:
            return {"entry": entry, "arguments": compile_arguments(entry.params, step.params, schema)}
        except InvalidParamsError as error:
            return {"entry": entry, "problem": f"invalid_value:{error.errors[0][0].partition('[')[0]}"}


def blocks_of(step: Any) -> tuple[tuple[Any, ...], ...]:
    """Return the blocks of a step in the order of their slots."""
    if isinstance(step, pm.ActionStep):
        return (step.timeout.steps if step.timeout else ()), (step.on_error.steps if step.on_error else ())
    return tuple(block for _, block in pm.blocks(step))


def _conditions(written: list[Any], schema: Schema) -> dict[str, Any]:
    pairs = [condition_of(one, schema) for one in written]
    problem = next((problem for _, problem in pairs if problem), "")
    return {"holds": tuple(holds for holds, _ in pairs), "problem": problem}


def _assigned(written: Mapping[str, Any], known: Mapping[str, FieldDef], schema: Schema) -> dict[str, Inserted]:
    """Compile assignments; what is not known is left out, as saving has refused it."""
    return {
        code: parse_parameter(Parameter(code, known[code].type, known[code].multiple), raw, schema)
        for code, raw in written.items()
        if code in known
    }


def _values(listed: tuple[pm.Parameter, ...]) -> dict[str, Value]:
    return {
        one.code: literal(one.code, one.type, one.default, multiple=one.multiple)
        for one in listed
        if one.default is not None
    }


def compile_template(template: pm.Template, version: int, view: TenantView) -> CompiledTemplate:
    """Compile a template against the fields in force; what no longer fits makes its steps fail with a reason."""
    builder = _Builder(template, view)
    first = builder.block(template.steps, "", 0, builder.schema, "")
    return CompiledTemplate(
        template.id, version, template, first, builder.steps, fields_of(template.params),
        fields_of(template.variables), _values(template.params), _values(template.variables),
        {one.code: literal(one.code, one.type, one.value) for one in template.constants},
        condition_of(template.condition, start_schema_of(view, template))[0],
    )  # fmt: skip
