"""What names stand for: records by their full name, each with the class that holds them in the program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from services.edge.codec.errors import SchemaError

Schema: TypeAlias = Any
"""Parsed Avro JSON in normal form (`normal.py`): a primitive's name, a list (union), or an object."""

Classes: TypeAlias = Mapping[str, type]
"""Full record name to class; a record without a class is read as a dict."""

UNIQUE = frozenset(("event_id", "change_id", "cause_id", "root_id", "run_id", "effect_id", "item_id"))
"""Fields whose texts hardly come twice: they would only push others out of the tables of those that do."""


def kind_of(schema: Schema) -> str:
    """Return `record`, `array`, `map` or the name of a primitive."""
    return str(schema if isinstance(schema, str) else schema["type"])


def branch_name(branch: Schema) -> str:
    """Return what tells a branch of a union from its neighbours: its kind, or the full name of a record."""
    kind = kind_of(branch)
    return str(branch["name"]) if kind == "record" else kind


def field_names(cls: type) -> tuple[str, ...]:
    """Return the fields of a dataclass or NamedTuple, in order."""
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls))
    return tuple(cls._fields)  # type: ignore[attr-defined]


def check_fields(cls: type, record: Mapping[str, Any]) -> list[str]:
    """Return the field names of a record; refuses a schema whose fields are not those of its class, in order."""
    fields = [str(field["name"]) for field in record["fields"]]
    if tuple(fields) != field_names(cls):
        raise SchemaError(f"{record['name']}: schema and class differ; run `stagewire schemas write`")
    return fields


def maker(record: Mapping[str, Any], classes: Classes) -> Callable[..., Any]:
    """Return what makes a record of its field values, given in order."""
    cls = classes.get(record["name"])
    if cls is not None:
        check_fields(cls, record)
        return cls
    names: Sequence[str] = [field["name"] for field in record["fields"]]
    return lambda *values: dict(zip(names, values, strict=True))
