"""What the catalogue says about itself: parameters as people fill them in, and a definition that may be saved as it is.

Reference page, API and command line are drawn from this (spec 1.17).
"""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from automation.catalogue import Entry
from automation.params import Assignment, Takes

_BOUNDS = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))
_LENGTHS = (("min_length", "at least"), ("max_length", "at most"))
_EXAMPLES = {
    "string": "{{field:title}}",
    "text": "{{field:title}}: {{field:amount}}",
    "user": "role:responsible",
    "people": ["role:responsible", "department:sales"],
    "datetime": "2027-01-31T10:00:00Z",
    "date": "2027-01-31",
    "int": 1,
    "number": 1,
    "bool": True,
    "money": {"minor": 100, "currency": "EUR"},
    "duration": "2d",
    "form fields": [{"code": "budget", "title": "Budget", "type": "money", "required": True}],
    "field codes": ["amount"],
    "details template": "firm",
    "SPA type": "repair",
    "rows of details field and value": [{"field": "tax_number", "value": "{{field:title}}"}],
    "rows of field and value": [{"field": "comments", "value": "{{field:title}}"}],
}


class Parameter(NamedTuple):
    """One parameter of an entry."""

    name: str
    """As it is written in a definition."""
    type: str
    """A field type of spec 1.8, `user`, `people`, `enum`, `field codes`, `details template` or `rows of …`."""
    many: bool
    """A list of values of the type."""
    required: bool
    default: Any
    """What it is without a value; None for no value at all."""
    allowed: tuple[str, ...]
    """The values of an enum."""
    limits: str
    """In words; empty for none."""


def parameters(entry: Entry) -> tuple[Parameter, ...]:
    """Return the parameters of an entry in the order of their class."""
    return tuple(_parameter(name, info) for name, info in entry.params.model_fields.items())


def example(entry: Entry) -> dict[str, Any]:
    """Return a definition of the entry with what is required: on a pipeline `main`, or as a process of one step."""
    item_type = "deal" if entry.allows("deal") else entry.types[0]
    params = {one.name: _example(one) for one in parameters(entry) if one.required} | dict(entry.params.EXAMPLE)
    given, name = {"params": params} if params else {}, entry.id.replace("_", "-")
    if entry.kind == "action":
        step = {"id": "step", "type": entry.id, **given}
        return {"kind": "template", "id": name, "item_type": item_type, "steps": [step]}
    place = {"item_type": item_type, "pipeline": "main", "stage": "invoice_sent"}
    return {"kind": entry.kind, "id": name, "type": entry.id, **place, **given}


def _parameter(name: str, info: FieldInfo) -> Parameter:
    takes = next((one for one in info.metadata if isinstance(one, Takes)), None)
    hint = _without_none(info.annotation)
    literals = tuple(str(one) for one in get_args(hint) if one != "") if get_origin(hint) is Literal else ()
    kind, many = _type(hint, takes, literals)
    allowed = literals or (takes.choices if takes else ())
    default = None if info.is_required() or info.default in ("", (), None) else info.default
    if kind == "duration":  # 0 and the longest one say nothing in milliseconds
        return Parameter(info.alias or name, kind, many, info.is_required(), default or None, (), "at most 366 d")
    return Parameter(info.alias or name, kind, many, info.is_required(), default, allowed, _limits(info))


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        rest = [one for one in get_args(hint) if one is not NoneType]
        return rest[0] if len(rest) == 1 else hint
    return hint


def _type(hint: Any, takes: Takes | None, allowed: tuple[str, ...]) -> tuple[str, bool]:
    many = get_origin(hint) is tuple
    inner = get_args(hint)[0] if many else hint
    if allowed:
        return "enum", False
    if inner is Assignment and takes and takes.new_in:
        return "rows of definition and value", False
    if inner is Assignment:
        return ("rows of details field and value" if takes and takes.fields_of else "rows of field and value"), False
    if takes is None:
        return {bool: "bool", int: "int", str: "string"}.get(inner, "object"), many
    if takes.one_of:
        return {"details": "details template", "spa_types": "SPA type"}[takes.one_of], False
    if takes.written:
        return ("form fields" if takes.written == "form" else "duration"), False
    if takes.fields:
        return ("field codes", False) if many else ("field code", False)
    if takes.filter_of:
        return "condition", False
    if takes.people:
        return ("people", False) if many else ("user", False)
    return takes.type, many


def _limits(info: FieldInfo) -> str:
    many = get_origin(_without_none(info.annotation)) is tuple
    unit = "" if many else " characters"
    return ", ".join([*_found(info, _BOUNDS, ""), *_found(info, _LENGTHS, unit)])


def _found(info: FieldInfo, kinds: tuple[tuple[str, str], ...], unit: str) -> Iterator[str]:
    for attribute, word in kinds:
        for one in info.metadata:
            if hasattr(one, attribute):
                yield f"{word} {getattr(one, attribute)}{unit}"


def _example(one: Parameter) -> Any:
    found = one.allowed[0] if one.allowed else _EXAMPLES.get(one.type, f"{one.name}-1")
    return [found] if one.many else found
