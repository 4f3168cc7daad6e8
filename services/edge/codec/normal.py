"""Avro schemas in normal form, and the shapes that are refused (design section 3, research C5).

Normal form: every record stands where it is used, under its full name; documentation, aliases and logical types are
gone. Refused: recursion (one message of 5 kB ends the process), arrays and maps of items without bytes (five bytes
allocate hundreds of megabytes), types that Stagewire does not use, and schemas of absurd size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.edge.codec.errors import SchemaError
from services.edge.codec.names import Schema

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "double", "string", "bytes"})
_MAX_PARTS = 5_000


class _Walk:
    """One pass over one schema: the records met so far, those around us, and how much was seen."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.open: set[str] = set()
        self.parts = 0

    def normal(self, schema: Schema, space: str) -> Schema:
        self.parts += 1
        if self.parts > _MAX_PARTS:
            raise SchemaError("a schema is too large")
        if isinstance(schema, str):
            return schema if schema in _PRIMITIVES else self._reference(schema, space)
        if isinstance(schema, list):
            return self._union(schema, space)
        if not isinstance(schema, Mapping):
            raise SchemaError("a schema is neither a name, a list nor an object")
        return self._object(schema, space)

    def _object(self, schema: Mapping[str, Any], space: str) -> Schema:
        kind = schema.get("type")
        if kind == "record":
            return self._record(schema, space)
        if kind == "array":
            return {"type": "array", "items": self._item(schema.get("items"), space)}
        if kind == "map":
            return {"type": "map", "values": self._item(schema.get("values"), space)}
        if isinstance(kind, str) and kind in _PRIMITIVES:
            return kind
        raise SchemaError(f"type {str(kind)[:100]!r} is not used by Stagewire")

    def _record(self, schema: Mapping[str, Any], space: str) -> dict[str, Any]:
        name = _full(str(schema.get("name")), str(schema.get("namespace", space)))
        if name in self.open or name in self.known:
            raise SchemaError(f"{name} is defined twice or inside itself")
        self.open.add(name)
        inside = name.rpartition(".")[0]
        fields = [self._field(field, inside) for field in schema.get("fields", ())]
        self.open.discard(name)
        self.known[name] = {"type": "record", "name": name, "fields": fields}
        return self.known[name]

    def _field(self, field: Mapping[str, Any], space: str) -> dict[str, Any]:
        out = {"name": str(field["name"]), "type": self.normal(field["type"], space)}
        return {**out, "default": field["default"]} if "default" in field else out

    def _reference(self, name: str, space: str) -> dict[str, Any]:
        full = _full(name, space)
        if full in self.open:
            raise SchemaError(f"{full} is recursive")
        found = self.known.get(full) or self.known.get(name)
        if found is None:
            raise SchemaError(f"unknown type {name[:100]!r}")
        self.parts += _parts(found)
        return found

    def _union(self, branches: list[Any], space: str) -> list[Any]:
        if not branches or len(branches) > 60:
            raise SchemaError("a union has no branch, or too many")
        out = [self.normal(branch, space) for branch in branches]
        if any(isinstance(branch, list) for branch in out):
            raise SchemaError("a union stands in a union")
        return out

    def _item(self, schema: Schema, space: str) -> Schema:
        item = self.normal(schema, space)
        if _may_be_empty(item):
            raise SchemaError("an array or map has items without bytes")
        return item


def _full(name: str, space: str) -> str:
    return name if "." in name or not space else f"{space}.{name}"


def _parts(schema: Schema) -> int:
    """Count what a reference repeats, so that references to references cannot grow without end."""
    if isinstance(schema, list):
        return 1 + sum(map(_parts, schema))
    if isinstance(schema, str):
        return 1
    inner = [field["type"] for field in schema.get("fields", ())]
    inner += [schema[key] for key in ("items", "values") if key in schema]
    total = 1
    for part in inner:
        total += _parts(part)
        if total > _MAX_PARTS:
            raise SchemaError("a schema is too large")
    return total


def _may_be_empty(schema: Schema) -> bool:
    if isinstance(schema, Mapping) and schema["type"] == "record":
        return all(_may_be_empty(field["type"]) for field in schema["fields"])
    return bool(schema == "null")


def normal(schema: Schema) -> Schema:
    """Return a schema in normal form; raises `SchemaError` for an unsafe or malformed one."""
    try:
        return _Walk().normal(schema, "")
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaError(f"a schema is malformed: {error}") from error
    except RecursionError as error:
        raise SchemaError("a schema is nested too deep") from error
