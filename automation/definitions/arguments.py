"""From what was typed into an entry's parameters to what its plan gets (spec 1.9, 6.6, 6.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from automation.catalogue import Params
from automation.conditions import InvalidConditionError
from automation.definitions.base import duration_ms
from automation.definitions.new_fields import defined_in
from automation.forms import InvalidFormError, form_text, read_form
from automation.insertion import InvalidTemplateError, InvalidValue, Parameter, parse_parameter
from automation.insertion.printable import Target
from automation.params import Assignment, Takes
from automation.scope import SYSTEM_FIELDS, Reference, Schema, Scope
from automation.search import compile_filter, schema_of
from automation.values import FieldType


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a plan cannot be asked: a reason code of spec 4 or 6.8."""

    reason: str


class InvalidParamsError(Exception):
    """Parameters break a rule of their entry; each error is a path and a sentence."""

    def __init__(self, errors: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in errors))
        self.errors = errors


Resolve = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The compiled parameters of one rule."""

    model: type[Params]
    resolvers: Mapping[str, Resolve]
    required: frozenset[str]
    references: frozenset[Reference]

    fixed: Params | Problem | None = None
    """What `resolve` gives where nothing is inserted."""

    def resolve(self, scope: Scope) -> Params | Problem:
        """Return the parameters with all insertions read, or what is wrong with them."""
        return self.fixed or self._resolve(scope)

    def _resolve(self, scope: Scope) -> Params | Problem:
        values: dict[str, Any] = {}
        for name, read in self.resolvers.items():
            value = read(scope)
            if isinstance(value, InvalidValue):
                return Problem(value.reason)
            if value is not None:
                values[name] = value
        for name in self.required:
            if values.get(name) in (None, "", ()):
                return Problem(f"missing_value:{name}")
        try:
            return self.model.model_validate(values)
        except ValidationError as error:
            return Problem(f"invalid_value:{error.errors()[0]['loc'][0]}")


def literal_problems(arguments: Arguments, raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the parameters that insert nothing, each by itself: it would fail in every run."""
    literal = {name for name in arguments.resolvers if "{{" not in str(raw.get(name))}
    read = {name: arguments.resolvers[name](Scope({})) for name in literal}
    yield from (Problem(value.reason) for value in read.values() if isinstance(value, InvalidValue))
    given = {name: v for name, v in read.items() if v is not None and not isinstance(v, InvalidValue)}
    try:
        arguments.model.model_validate(given)
    except ValidationError as error:
        places = {str(found["loc"][0]) for found in error.errors() if found["type"] != "missing" and found["loc"]}
        yield from (Problem(f"invalid_value:{name}") for name in sorted(places))


class _Compiler:
    """Compiles one rule's parameters, collecting every error with its path."""

    def __init__(self, raw: Mapping[str, Any], schema: Schema) -> None:
        self.raw = raw
        self.schema = schema
        self.errors: list[tuple[str, str]] = []
        self.references: set[Reference] = set()

    def one(self, path: str, parameter: Parameter, raw: Any) -> Resolve:
        """Compile one parameter; an error is noted, and the resolver then gives nothing."""
        try:
            made = parse_parameter(parameter, raw, self.schema)
        except InvalidTemplateError as error:
            self.errors.extend((path, str(found.message)) for found in error.errors)
            return lambda _scope: None
        self.references |= made.references
        return made.resolve

    def param(self, name: str, info: FieldInfo) -> Resolve:
        """Compile the parameter that a field of the model describes."""
        raw = self.raw[name]
        takes = next(_takes(info), None)
        if takes is None:
            return self.enum(name, info, raw)
        if takes.one_of:
            return self.known(name, raw, getattr(self.schema, takes.one_of))
        if takes.filter_of:
            return self.filter(name, raw, self.raw.get(takes.filter_of))
        if takes.written:
            return self.form(name, raw) if takes.written == "form" else self.duration(name, raw)
        if get_args(info.annotation)[:1] == (Assignment,):
            return self.defining(name, raw, takes.new_in) if takes.new_in else self.assignments(name, raw, takes)
        multiple = get_origin(info.annotation) is tuple
        if multiple and not isinstance(raw, list | tuple):
            raw = [raw]
        parameter = Parameter(name, takes.type, multiple, choices=frozenset(takes.choices), target=self.target(takes))
        read = self.one(name, parameter, raw)
        return (lambda scope: read(scope) or "") if takes.empty_ok else read

    def fields(self, takes: Takes) -> Mapping[str, FieldType]:
        """Return the fields that rows may name: the item's, or those of the template in another parameter."""
        if takes.rows_in:
            also = {code: SYSTEM_FIELDS[code] for code in takes.also}
            return {**self.schema.types_of(self.item_type(takes)), **also}
        if takes.rows_of:
            return self.schema.types_of(f"document_template/{self.raw.get(takes.rows_of)}")
        if not takes.fields_of:
            return self.schema.fields
        template = self.raw.get(takes.fields_of)
        return self.schema.details.get(template, {}) if isinstance(template, str) else {}

    def item_type(self, takes: Takes) -> str:
        """Return the type of the items whose fields rows name."""
        return takes.rows_in.format_map(defaultdict(str, self.raw))

    def known(self, name: str, raw: Any, allowed: Collection[str]) -> Resolve:
        """Take what exists by its id, as it stands: other parameters depend on it, so no value is inserted."""
        if not isinstance(raw, str) or raw not in allowed:
            self.errors.append((name, f"there is no {str(raw)[:60]!r}; known: {', '.join(sorted(allowed)) or 'none'}"))
        return lambda _scope: raw

    def target(self, takes: Takes) -> Target:
        """Return what inserted values are escaped for; `text_type` may be the one that says so."""
        if not takes.target_from:
            return takes.target
        return "html" if self.raw.get(takes.target_from) == "html" else "bbcode"

    def enum(self, name: str, info: FieldInfo, raw: Any) -> Resolve:
        """Take an enum as it stands: it accepts no inserted values (spec conventions)."""
        allowed = get_args(info.annotation)
        if raw not in allowed:
            self.errors.append((name, f"one of {', '.join(filter(None, allowed))} is expected"))
        return lambda _scope: raw

    def filter(self, name: str, raw: Any, item_type: Any) -> Resolve:
        """Compile a filter over the items of another type."""
        types = self.schema.types_of(item_type if isinstance(item_type, str) else "")
        try:
            made = compile_filter(raw, schema_of(types), self.schema)
        except (InvalidConditionError, InvalidTemplateError) as error:
            self.errors.extend((name, str(found.message)) for found in error.errors)
            return lambda _scope: None
        self.references |= made.references
        return lambda scope: made.resolve(name, scope)

    def form(self, name: str, raw: Any) -> Resolve:
        """Take the fields of a form as they stand."""
        try:
            text = form_text(raw)
            read_form(text)
        except InvalidFormError as error:
            self.errors.extend((f"{name}{path}", message) for path, message in error.errors)
            return lambda _scope: None
        return lambda _scope: text

    def duration(self, name: str, raw: Any) -> Resolve:
        """Compile a duration: a literal, or a text with inserted values."""
        if isinstance(raw, int):
            return lambda _scope: raw
        read = self.one(name, Parameter(name, "string"), raw)
        return lambda scope: _milliseconds(name, read(scope))

    def several(self, takes: Takes, fields: Mapping[str, FieldType]) -> Collection[str]:
        """Return which of the fields that rows may name hold several values."""
        if takes.rows_in:
            return self.schema.several_of(self.item_type(takes)) | {"observers"}
        return self.schema.multiple if fields is self.schema.fields else ()

    def assignments(self, name: str, raw: Any, takes: Takes) -> Resolve:
        """Compile rows of `{field, value}`, each value in the native type of its field."""
        rows: list[tuple[str, Resolve]] = []
        fields = self.fields(takes)
        several = self.several(takes, fields)
        for at, row in enumerate(raw if isinstance(raw, list | tuple) else ()):
            path = f"{name}[{at}]"
            field = row.get("field") if isinstance(row, Mapping) else None
            type_ = fields.get(field) if isinstance(field, str) else None
            if type_ is None or not isinstance(field, str) or set(row) - {"field", "value"}:
                self.errors.append((path, f"a row is {{field, value}} of a known field, not {str(row)[:80]}"))
                continue
            taken = Parameter(field if takes.by_field else name, type_, field in several)
            rows.append((field, self.one(f"{path}.value", taken, row.get("value"))))
        if raw and not rows and not self.errors:
            self.errors.append((name, "at least one row of {field, value} is expected"))
        return lambda scope: _assigned(rows, scope)

    def defining(self, name: str, raw: Any, item_type: str) -> Resolve:
        """Compile rows of `{definition, value}`: fields that saving adds to the type, unless they are there already."""
        rows: list[tuple[str, Resolve]] = []
        for at, row in enumerate(raw if isinstance(raw, list | tuple) else ()):
            path = f"{name}[{at}]"
            try:
                field = defined_in(row)
            except ValueError as error:
                self.errors.append((path, str(error)))
                continue
            if self.schema.types_of(item_type).get(field.code, field.seen_as) != field.seen_as:
                self.errors.append((path, f"the {item_type} has a field {field.code} of another type"))
            taken = Parameter(name, field.seen_as, field.multiple)
            rows.append((field.code, self.one(f"{path}.value", taken, row["value"])))
        return lambda scope: _assigned(rows, scope)


def _milliseconds(name: str, value: Any) -> Any:
    """Read a duration; what is none does not fit the parameter."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    try:
        return duration_ms(value)
    except ValueError:
        return InvalidValue(name)


def _takes(info: FieldInfo) -> Iterator[Takes]:
    return (found for found in info.metadata if isinstance(found, Takes))


def _assigned(rows: list[tuple[str, Resolve]], scope: Scope) -> Any:
    made = [(field, read(scope)) for field, read in rows]
    wrong = next((value for _, value in made if isinstance(value, InvalidValue)), None)
    return wrong or tuple(Assignment(field, value) for field, value in made)


def compile_arguments(model: type[Params], raw: Mapping[str, Any], schema: Schema) -> Arguments:
    """Compile parameters; raises `InvalidParamsError` with every error and its path."""
    named = {info.alias or name: info for name, info in model.model_fields.items()}
    compiler = _Compiler(raw, schema)
    compiler.errors += [(name, "no such parameter") for name in raw if name not in named]
    required = frozenset(name for name, info in named.items() if info.is_required())
    compiler.errors += [(name, "is required") for name in sorted(required) if raw.get(name) in (None, "", [])]
    given = {name: info for name, info in named.items() if raw.get(name) is not None}
    resolvers = {name: compiler.param(name, info) for name, info in given.items()}
    compiler.errors += model.flaws(raw, schema)
    if compiler.errors:
        raise InvalidParamsError(tuple(compiler.errors))
    needed = required - {name for name, info in named.items() if any(takes.empty_ok for takes in _takes(info))}
    made = Arguments(model, resolvers, needed, frozenset(compiler.references))
    return made if made.references else replace(made, fixed=made.resolve(Scope({})))
