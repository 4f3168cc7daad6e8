"""Parameters of rules and actions: a literal of their type, or a text with inserted values (spec 1.9, 6.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from automation.conditions.literals import LiteralError, read_literal
from automation.insertion.coerce import MISFIT, Fitted, coerce
from automation.insertion.model import InvalidTemplateError, Template, TemplateError, references
from automation.insertion.parse import parse_template
from automation.insertion.printable import Target
from automation.insertion.render import RenderedTooLongError, compile_template
from automation.scope import Reference, Schema, Scope, reader
from automation.values import FieldType, Value


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a parameter takes: type, one value or several, a range (of numbers) or choices, and what its text is for."""

    name: str
    type: FieldType
    multiple: bool = False
    low: int | float | None = None
    high: int | float | None = None
    choices: frozenset[str] = frozenset()
    target: Target = "plain"


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """The value does not fit the parameter: the run ends with `failed(reason)`."""

    param: str

    @property
    def reason(self) -> str:
        """The reason code of spec 6.8."""
        return f"invalid_value:{self.param}"


Resolve: TypeAlias = Callable[[Scope], Value | InvalidValue]


@dataclass(frozen=True, slots=True)
class Inserted:
    """A parameter's value, checked and compiled: `resolve(scope)` gives it (unset as `None`), or why it is none."""

    parameter: Parameter
    resolve: Resolve
    references: frozenset[Reference]
    stored: object
    """What is to be saved: the literal, or the text with titles resolved to codes."""


def parse_parameter(parameter: Parameter, raw: object, schema: Schema) -> Inserted:
    """Return the compiled form of what was typed into a parameter.

    Raises `InvalidTemplateError` for a broken text or a literal outside the type or range; run-time values that do not
    fit give `InvalidValue` instead (spec 6.6).
    """
    if isinstance(raw, str) and raw and ("{{" in raw or _is_written(parameter)):
        return _inserted(parameter, parse_template(raw, schema))
    if isinstance(raw, list | tuple):
        return _several(parameter, list(raw), schema)
    value = _literal(parameter, raw)
    return Inserted(parameter, lambda _scope: value, frozenset(), raw)


def resolve(parameter: Parameter, raw: object, schema: Schema, scope: Scope) -> Value | InvalidValue:
    """Parse and resolve in one go, for what is used once; raises as `parse_parameter`."""
    return parse_parameter(parameter, raw, schema).resolve(scope)


def _literal(parameter: Parameter, raw: object) -> Value:
    if raw is None or raw == "":
        return None
    try:
        value = read_literal(raw, parameter.type)
    except LiteralError as error:
        raise InvalidTemplateError((TemplateError(0, f"{parameter.name}: {error}"),)) from None
    fitted = _fit(parameter, (value,) if parameter.multiple and isinstance(value, str) else value)
    if isinstance(fitted, InvalidValue):
        raise InvalidTemplateError((TemplateError(0, f"{parameter.name}: outside the range"),))
    return fitted


def _inserted(parameter: Parameter, template: Template) -> Inserted:
    single = template.single
    return Inserted(
        parameter,
        _mixed(parameter, template) if single is None or _is_written(parameter) else _native(parameter, template),
        references(template),
        template.text,
    )


def _is_written(parameter: Parameter) -> bool:
    """Say whether the parameter is text for people: what is inserted is rendered, and escaped for the target."""
    return parameter.type in ("string", "text") and not parameter.multiple


def _native(parameter: Parameter, template: Template) -> Resolve:
    """Keep the native type of the one value that the parameter consists of."""
    (part,) = (part for part in template.parts if not isinstance(part, str))
    read, source = reader(part.reference), part.type
    return lambda scope: _fit(
        parameter, coerce(read(scope), source, parameter.type, scope, multiple=parameter.multiple)
    )


def _mixed(parameter: Parameter, template: Template) -> Resolve:
    render = compile_template(template, parameter.target)

    def read(scope: Scope) -> Value | InvalidValue:
        try:
            text = render(scope)
        except RenderedTooLongError:
            return InvalidValue(parameter.name)
        return _fit(parameter, coerce(text, "text", parameter.type, scope, multiple=parameter.multiple))

    return read


def _several(parameter: Parameter, raws: list[object], schema: Schema) -> Inserted:
    """Read a list of literals and texts; an inserted list is joined to the others, repeats are dropped."""
    if not parameter.multiple:
        raise InvalidTemplateError((TemplateError(0, f"{parameter.name}: expected one value"),))
    parts = [parse_parameter(parameter, raw, schema) for raw in raws if not isinstance(raw, list | tuple)]
    if len(parts) < len(raws):
        raise InvalidTemplateError((TemplateError(0, f"{parameter.name}: a list inside a list"),))

    def read(scope: Scope) -> Value | InvalidValue:
        found: dict[str, None] = {}
        for part in parts:
            value = part.resolve(scope)
            if isinstance(value, InvalidValue):
                return value
            found.update(dict.fromkeys(value if isinstance(value, tuple) else ()))
        return tuple(found) or None

    named = frozenset[Reference]().union(*(part.references for part in parts))
    return Inserted(parameter, read, named, [part.stored for part in parts])


def _fit(parameter: Parameter, value: Fitted) -> Value | InvalidValue:
    if value is MISFIT or not _in_range(parameter, value):
        return InvalidValue(parameter.name)
    return value


def _in_range(parameter: Parameter, value: Value) -> bool:
    if parameter.choices:
        return value is None or all(
            text in parameter.choices for text in (value if isinstance(value, tuple) else (value,))
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (parameter.low is None or value >= parameter.low) and (parameter.high is None or value <= parameter.high)
    return True
