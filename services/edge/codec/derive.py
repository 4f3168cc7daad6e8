"""Avro schemas drawn from classes: their annotations are the types, their docstrings the documentation.

`str`, `int` (long), `float` (double), `bool`, `bytes`, `tuple[X, ...]` and `frozenset[X]` (array), `Mapping[str, X]`
(map), dataclasses and NamedTuples (records), unions of these; `Value` is a union of its own. A default of the class
becomes the default of the field.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from services.edge.codec.errors import SchemaError
from services.edge.codec.names import Schema, branch_name, field_names

SHARED = "stagewire"
"""Namespace of records that several others contain, such as `stagewire.Money`."""

_PRIMITIVES: Mapping[Any, str] = {
    type(None): "null",
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "bytes",
}
_ORDER = ["null", "boolean", "long", "double", "string", "bytes"]
_MISSING = object()


class _Deriver:
    """Derives one schema; a record met a second time is a reference."""

    def __init__(self) -> None:
        self.met: dict[str, type] = {}

    def type_of(self, hint: Any) -> Schema:
        if hint in _PRIMITIVES:
            return _PRIMITIVES[hint]
        origin, args = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._union(args)
        if origin is Literal and all(isinstance(arg, str) for arg in args):
            return "string"
        if origin is frozenset or (origin is tuple and len(args) == 2 and args[1] is Ellipsis):
            return {"type": "array", "items": self.type_of(args[0])}
        if inspect.isclass(origin) and issubclass(origin, Mapping) and args[0] is str:
            return {"type": "map", "values": self.type_of(args[1])}
        if inspect.isclass(hint) and (dataclasses.is_dataclass(hint) or hasattr(hint, "_fields")):
            return self.record(hint, SHARED)
        raise SchemaError(f"no Avro type for {hint!r}")

    def _union(self, args: tuple[Any, ...]) -> list[Schema]:
        branches = [self.type_of(arg) for arg in sorted(args, key=_place)]
        if len({branch_name(b) if not isinstance(b, dict) else _branch_key(b) for b in branches}) != len(branches):
            raise SchemaError(f"two branches of {args!r} look the same in Avro")
        return branches

    def record(self, cls: type, space: str) -> Schema:
        name = f"{space}.{cls.__name__}"
        if name in self.met:
            if self.met[name] is not cls:
                raise SchemaError(f"two classes are called {name}")
            return name
        self.met[name] = cls
        hints, defaults, notes = get_type_hints(cls), _defaults(cls), _notes(cls)
        fields = [_field(field, self.type_of(hints[field]), defaults, notes) for field in field_names(cls)]
        doc = inspect.cleandoc(cls.__doc__ or "")
        return {"type": "record", "name": cls.__name__, "namespace": space, "doc": doc, "fields": fields}


def _place(hint: Any) -> tuple[int, int]:
    """Order the branches of a union: null first, primitives, records, arrays and maps last; else as written."""
    if hint in _PRIMITIVES:
        return 0, _ORDER.index(_PRIMITIVES[hint])
    return (1, 0) if get_origin(hint) is None else (2, 0)


def _branch_key(branch: Mapping[str, Any]) -> str:
    return f"{branch['namespace']}.{branch['name']}" if branch["type"] == "record" else str(branch["type"])


def _field(name: str, kind: Schema, defaults: Mapping[str, Any], notes: Mapping[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {"name": name, "type": kind}
    if name in notes:
        out["doc"] = notes[name]
    if defaults.get(name, _MISSING) is not _MISSING:
        out["default"] = _json(defaults[name])
    return out


def _defaults(cls: type) -> dict[str, Any]:
    if not dataclasses.is_dataclass(cls):
        return dict(cls._field_defaults)  # type: ignore[attr-defined]
    out: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            out[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            out[field.name] = field.default_factory()
    return out


def _json(value: Any) -> Any:
    """Return a default as Avro writes it: bytes as Latin-1 text, records as objects."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if dataclasses.is_dataclass(value) or hasattr(value, "_fields"):
        return {name: _json(getattr(value, name)) for name in field_names(type(value))}
    if isinstance(value, Mapping):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_json(item) for item in value]
    return value


def _notes(cls: type) -> dict[str, str]:
    """Return the texts that stand below the fields of a class."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    except (OSError, TypeError):
        return {}
    notes: dict[str, str] = {}
    previous = ""
    for node in getattr(body, "body", ()):
        if previous and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            notes[previous] = inspect.cleandoc(str(node.value.value))
        named = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        previous = node.target.id if named else ""
    return notes


def derive(cls: type, space: str = SHARED) -> dict[str, Any]:
    """Return the schema of one class, documentation included; raises `SchemaError` for a type without Avro form."""
    schema: dict[str, Any] = _Deriver().record(cls, space)
    return schema


def derive_record(frame: type, frame_field: str, body: type, space: str) -> dict[str, Any]:
    """Return the schema of a record of a topic: `frame` as its first field, then the fields of `body`.

    Its bytes are those of the frame followed by those of the body.
    """
    deriver = _Deriver()
    first = {"name": frame_field, "type": deriver.record(frame, SHARED)}
    schema: dict[str, Any] = deriver.record(body, space)
    schema["fields"].insert(0, first)
    return schema


def classes_of(*roots: type, space: str = SHARED) -> dict[str, type]:
    """Return full record name to class for these classes and all that they contain."""
    deriver = _Deriver()
    for root in roots:
        deriver.record(root, space)
    return deriver.met
