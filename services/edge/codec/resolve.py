"""Records of another release: fields that we lack are skipped, fields that it lacks get their default (Avro)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.edge.codec.errors import SchemaError
from services.edge.codec.names import Classes, Schema, kind_of, maker

Reader = Callable[[bytes, int], tuple[Any, int]]


def resolved(
    writer: Schema, reader: Schema, classes: Classes, compile_reader: Callable[[Schema, Schema, Classes], Reader]
) -> Reader:
    """Return the reader of a record whose fields differ; raises `SchemaError` for one that has no default."""
    make = maker(reader, classes)
    wanted = {field["name"]: (slot, field["type"]) for slot, field in enumerate(reader["fields"])}
    steps = []
    for field in writer["fields"]:
        slot, kind = wanted.get(field["name"], (-1, field["type"]))
        steps.append((slot, compile_reader(field["type"], kind, classes if slot >= 0 else {})))
    there = {field["name"] for field in writer["fields"]}
    blank = [None if field["name"] in there else _default(field, classes) for field in reader["fields"]]

    def read(buffer: bytes, at: int) -> tuple[Any, int]:
        values = blank.copy()
        for slot, read_field in steps:
            value, at = read_field(buffer, at)
            if slot >= 0:
                values[slot] = value
        return make(*values), at

    return read


def _default(field: Mapping[str, Any], classes: Classes) -> Any:
    if "default" not in field:
        raise SchemaError(f"field {field['name']!r} is missing in what was written and has no default")
    return _value(field["default"], field["type"], classes)


def _value(default: Any, schema: Schema, classes: Classes) -> Any:
    """Return the value of a default as the program holds it; of a union it belongs to the first branch (Avro)."""
    if isinstance(schema, list):
        return _value(default, schema[0], classes)
    kind = kind_of(schema)
    if kind == "bytes":
        return default.encode("latin-1")
    if kind == "array":
        return tuple(_value(item, schema["items"], classes) for item in default)
    if kind == "map":
        return {key: _value(item, schema["values"], classes) for key, item in default.items()}
    if kind != "record":
        return default
    return maker(schema, classes)(*(_value(default[f["name"]], f["type"], classes) for f in schema["fields"]))
