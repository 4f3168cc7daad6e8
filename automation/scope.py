"""What conditions and inserted values can name (`Schema`), and the values behind the names (`Scope`); spec 1.6, 1.9."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from automation.money import Rates
from automation.values import FieldType, Moment, Value

Kind: TypeAlias = Literal["field", "old", "new", "result", "param", "var", "const", "iterator"]

_NOTHING: Mapping[str, Value] = MappingProxyType({})
_NO_RECORDS: Mapping[str, Mapping[str, Value]] = MappingProxyType({})
_NO_RATES: Rates = MappingProxyType({})
_NO_TYPES: Mapping[str, FieldType] = MappingProxyType({})
_NO_TITLES: Mapping[str, str] = MappingProxyType({})
_NO_RECORD_TYPES: Mapping[str, Mapping[str, FieldType]] = MappingProxyType({})

SYSTEM_FIELDS: Mapping[str, FieldType] = {
    "id": "string",
    "item_type": "string",
    "pipeline": "string",
    "stage": "string",
    "responsible": "user",
    "creator": "user",
    "observers": "user",
    "created_at": "datetime",
    "source": "string",
}
"""Fields that every item has beside its own; they hide own fields of the same code."""

LISTS: Mapping[str, FieldType] = {"products": "string", "orders": "string"}
"""Ids of the product rows and of the linked orders, for iterators; own fields of the same code hide them."""
LIST_TITLES: Mapping[str, str] = {"Products": "products", "Orders": "orders"}
"""Their codes by their titles, which own fields of the same title hide."""

WATCHED_PEOPLE = ("responsible", "observers")
"""Those of them that a save changes and a trigger may watch like a field (spec 2.3)."""


class Reference(NamedTuple):
    """One name: `name` is a field code, `prefix.code` for a field of another record, `rule.result`, or a plain name."""

    kind: Kind
    name: str


_NO_OTHER_TITLES: Mapping[Reference, str] = MappingProxyType({})


class Schema(NamedTuple):
    """The names that a definition may use, with their types."""

    fields: Mapping[str, FieldType]
    titles: Mapping[str, str] = _NO_TITLES
    """Field code to title."""
    results: Mapping[str, FieldType] = _NO_TYPES
    """By `rule.name`."""
    params: Mapping[str, FieldType] = _NO_TYPES
    variables: Mapping[str, FieldType] = _NO_TYPES
    constants: Mapping[str, FieldType] = _NO_TYPES
    related: Mapping[str, Mapping[str, FieldType]] = _NO_RECORD_TYPES
    """Fields of another record in view, by prefix: those of the invoice of a payment fact under `invoice`."""
    iterator: FieldType | None = None
    """Type of the iterator value; `None` outside loops."""
    multiple: frozenset[str] = frozenset()
    """Codes of the fields that hold several values."""
    details: Mapping[str, Mapping[str, FieldType]] = _NO_RECORD_TYPES
    """Fields of the details templates, by template."""
    item_type: str = ""
    changes: bool = False
    """Whether old and new values of changed fields are in view (triggers and starts on a change)."""
    types_of: Callable[[str], Mapping[str, FieldType]] = lambda _item_type: _NO_TYPES
    """The types of the fields of another item type: what filters over its items compare."""
    other_titles: Mapping[Reference, str] = _NO_OTHER_TITLES
    """Titles of what is no field: start parameters and variables of a process."""
    several_of: Callable[[str], frozenset[str]] = lambda _item_type: frozenset()
    """Codes of the fields of another item type that hold several values."""
    bookable: Mapping[str, frozenset[int]] = MappingProxyType({})
    """The fields of type resource booking, with the minutes that a booking may take; none for any."""
    spa_types: frozenset[str] = frozenset()
    """The smart processes that there are."""

    def type_of(self, reference: Reference) -> FieldType | None:
        """Return the type behind a name; `None` for an unknown one."""
        kind, name = reference
        match kind:
            case "field":
                return self._field(name)
            case "old" | "new":
                return self._field(name) if self.changes else None
            case "iterator":
                return self.iterator if name == "value" else None
            case "result":
                return self.results.get(name)
            case "param":
                return self.params.get(name)
            case "var":
                return self.variables.get(name)
            case "const":
                return self.constants.get(name)

    def _field(self, name: str) -> FieldType | None:
        prefix, dot, code = name.partition(".")
        if dot:
            return self.related.get(prefix, _NO_TYPES).get(code)
        return SYSTEM_FIELDS.get(name) or self.fields.get(name) or LISTS.get(name)


def no_name(_user: str) -> str | None:
    """Know nobody's name."""
    return None


class Scope(NamedTuple):
    """The values in view at one moment; a NamedTuple because one is made for every decision."""

    fields: Mapping[str, Value]
    system: Mapping[str, Value] = _NOTHING
    """By the codes of `SYSTEM_FIELDS`."""
    now: Moment = 0
    zone: tzinfo = UTC
    """The platform's time zone."""
    rates: Rates = _NO_RATES
    old: Mapping[str, Value] = _NOTHING
    """Of the fields that the change in hand changed, and of these alone."""
    new: Mapping[str, Value] = _NOTHING
    results: Mapping[str, Value] = _NOTHING
    params: Mapping[str, Value] = _NOTHING
    variables: Mapping[str, Value] = _NOTHING
    constants: Mapping[str, Value] = _NOTHING
    related: Mapping[str, Mapping[str, Value]] = _NO_RECORDS
    iterator: Value = None
    name_of: Callable[[str], str | None] = no_name
    """Full name of a user by id."""
    lists: Callable[[str], Value] | None = None
    """Reads one of `LISTS`, which are made only when they are asked for; None where there is no item."""


Reader: TypeAlias = Callable[[Scope], Value]


def reader(reference: Reference) -> Reader:
    """Return what reads the value behind a name; an unknown name reads as unset."""
    kind, name = reference
    match kind:
        case "field":
            return _field_reader(name)
        case "old":
            return lambda scope: scope.old.get(name)
        case "new":
            return lambda scope: scope.new.get(name)
        case "result":
            return lambda scope: scope.results.get(name)
        case "param":
            return lambda scope: scope.params.get(name)
        case "var":
            return lambda scope: scope.variables.get(name)
        case "const":
            return lambda scope: scope.constants.get(name)
        case "iterator":
            return lambda scope: scope.iterator


def _field_reader(name: str) -> Reader:
    prefix, dot, code = name.partition(".")
    if dot:
        return lambda scope: scope.related.get(prefix, _NOTHING).get(code)
    if name in SYSTEM_FIELDS:
        return lambda scope: scope.system.get(name)
    if name in LISTS:
        return lambda scope: scope.lists(name) if scope.lists else scope.fields.get(name)
    return lambda scope: scope.fields.get(name)
