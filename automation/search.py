"""Filters over items of another type: saved with insertions, sent with their values, applied by `history` (spec 4.36).

The left side of each comparison is a field of the items looked for; a value is typed, or inserted from the rule's own
scope. An inserted value travels beside the filter, which names it `<field>.<number>`: so its type is that of the field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from automation.conditions import (
    Condition,
    ConditionError,
    InvalidConditionError,
    condition_references,
    load_condition,
    parse_condition,
)
from automation.conditions.model import FAMILIES, Comparison, Constant, Group, Node, Operand
from automation.insertion import InvalidValue, Parameter, parse_parameter
from automation.scope import LISTS, SYSTEM_FIELDS, Reference, Schema, Scope
from automation.values import FieldType, Value, plain

SEARCHABLE = ("id", "item_type", "pipeline", "stage", "responsible", "created_at")
"""Fields of the system that the index of current items holds."""
_NOT_KEPT = SYSTEM_FIELDS.keys() - set(SEARCHABLE)
_LISTS = ("in", "not_in")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter with the values that go into it."""

    text: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class FilterSource:
    """A filter as it was saved: `resolve` reads what is inserted."""

    text: str
    inserted: Mapping[str, Callable[[Scope], Value | InvalidValue]]
    references: frozenset[Reference]

    def resolve(self, name: str, scope: Scope) -> Filter | InvalidValue:
        """Return the filter for a run; a value that does not fit its field makes the parameter `name` invalid."""
        values: dict[str, Value] = {}
        for place, read in self.inserted.items():
            value = read(scope)
            if isinstance(value, InvalidValue):
                return InvalidValue(name)
            values[place] = value
        return Filter(self.text, values)


def schema_of(fields: Mapping[str, FieldType]) -> Schema:
    """Return the names that a filter over items with these fields may compare."""
    return Schema({code: type_ for code, type_ in fields.items() if code not in _NOT_KEPT}, params=_Inserted(fields))


class _Inserted(Mapping[str, FieldType]):
    """The types of inserted values: each is that of the field in its name."""

    def __init__(self, fields: Mapping[str, FieldType]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> FieldType:
        code = name.rpartition(".")[0]
        return SYSTEM_FIELDS.get(code) or self._fields[code]

    def __iter__(self) -> Any:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def compile_filter(raw: object, found: Schema, own: Schema) -> FilterSource:
    """Compile a filter over items with the schema `found`; what is inserted is read with `own`.

    Raises `InvalidConditionError` and `InvalidTemplateError`.
    """
    inserted: dict[str, Callable[[Scope], Value | InvalidValue]] = {}
    references: set[Reference] = set()

    def insert(code: object, op: object, text: Any) -> Any:
        name = f"{code}.{len(inserted)}"
        type_ = found.type_of(Reference("field", str(code)))
        if type_ is None:
            return text  # the condition's own check says so
        made = parse_parameter(Parameter(name, type_, multiple=op in _LISTS or type_ == "list"), text, own)
        inserted[name] = made.resolve
        references.update(made.references)
        return {"param": name}

    data = _with_names(raw, insert)
    condition = parse_condition(data, found)
    not_kept = _NOT_KEPT | (LISTS.keys() - found.fields.keys())
    unknown = sorted(name for kind, name in condition_references(condition) if kind == "field" and name in not_kept)
    if unknown:
        raise InvalidConditionError((ConditionError("$", f"items are not searched by {', '.join(unknown)}"),))
    return FilterSource(json.dumps(data, ensure_ascii=False, default=str), inserted, frozenset(references))


def _with_names(data: Any, insert: Callable[[object, object, Any], Any]) -> Any:
    if isinstance(data, list | tuple):
        return [_with_names(part, insert) for part in data]
    if not isinstance(data, Mapping):
        return data
    value = data.get("value")
    if any(isinstance(part, str) and "{{" in part for part in (value if isinstance(value, list) else (value,))):
        return {**data, "value": insert(data.get("field"), data.get("op"), value)}
    return {name: _with_names(part, insert) if name in ("all", "any") else part for name, part in data.items()}


def read_filter(text: str, fields: Mapping[str, FieldType]) -> Condition:
    """Return the condition of a filter that was sent; raises `InvalidConditionError` where the fields have changed."""
    return load_condition(text, schema_of(fields))


def wanted_id(condition: Condition, values: Mapping[str, Value]) -> str | None:
    """Return the one id that a filter can be met by; None if it may be met by several."""
    for part in _all_of(condition):
        if isinstance(part, Comparison) and part.left.reference == Reference("field", "id") and part.op == "eq":
            value = _right(part, values)
            named = isinstance(part.right, Operand) and part.right.reference.kind != "param"
            return None if named else value if isinstance(value, str) else ""
    return None


def must_hold(condition: Condition, values: Mapping[str, Value]) -> str:
    """Return a text that a field of every fitting item is or holds, for an index to look for first; else empty."""
    for part in _all_of(condition):
        if isinstance(part, Comparison) and part.op == "eq" and FAMILIES[part.left.type] == "text":
            kind, code = part.left.reference
            value = _right(part, values)
            if kind == "field" and code not in SYSTEM_FIELDS and isinstance(value, str):
                return value
    return ""


def _all_of(condition: Condition) -> tuple[Node, ...]:
    root = condition.root
    return root.parts if isinstance(root, Group) and root.mode == "all" else (root,)


def _right(leaf: Comparison, values: Mapping[str, Value]) -> Value:
    """Return what was typed or inserted; None for a field of the item itself."""
    if isinstance(leaf.right, Constant):
        return leaf.right.value
    named = leaf.right.reference if isinstance(leaf.right, Operand) else None
    return plain(values.get(named.name)) if named and named.kind == "param" else None


def id_order(item_id: str) -> tuple[int, int, str]:
    """Return the place of an id in the order of spec 1.1: numbers as numbers, then the others as text."""
    numeric = item_id.isascii() and item_id.isdigit()
    return (0, int(item_id), "") if numeric else (1, 0, item_id)
