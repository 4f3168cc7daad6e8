"""Values to Avro bytes: one closure per schema, made once; far quicker than walking a schema for each value.

Every writer takes a value and returns its bytes; a record's bytes are those of its fields, one after the other.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

from services.edge.codec.errors import SchemaError, UnwritableError
from services.edge.codec.names import Classes, Schema, branch_name, check_fields, kind_of

Writer: TypeAlias = Callable[[Any], bytes]

_SMALL = tuple(bytes((n,)) for n in range(128))
_DOUBLE = struct.Struct("<d").pack
_LARGE: dict[int, bytes] = {}
_KEPT = 8_192
_MIN, _MAX = -(2**63), 2**63 - 1
_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "double": (float,),
    "string": (str,),
    "bytes": (bytes,),
    "array": (tuple, list, frozenset),
    "map": (dict,),
}


def write_long(value: int) -> bytes:
    """Return the zigzag variable-length form of an integer of 64 bits; moments repeat, so large ones are kept."""
    if 0 <= value < 64:
        return _SMALL[value << 1]
    known = _LARGE.get(value)
    if known is not None and type(value) is int:
        return known
    if len(_LARGE) >= _KEPT:
        _LARGE.clear()
    made = _LARGE[value] = _long(value)
    return made


def _long(value: int) -> bytes:
    if not _MIN <= value <= _MAX:
        raise UnwritableError("out_of_range", "an integer has more than 64 bits")
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def write_text(value: str) -> bytes:
    """Return the length and the UTF-8 bytes of a text."""
    data = value.encode()
    size = len(data)
    return _SMALL[size << 1] + data if size < 64 else write_long(size) + data


def write_bytes(value: bytes) -> bytes:
    """Return the length and the bytes."""
    return write_long(len(value)) + value


def _write_boolean(value: bool) -> bytes:
    return b"\1" if value else b"\0"


def _write_double(value: float) -> bytes:
    if not math.isfinite(value):
        raise UnwritableError("not_finite", "a number is nan or infinite")
    return _DOUBLE(value)


def _write_null(value: None) -> bytes:
    return b""


_PRIMITIVES: Mapping[str, Writer] = {
    "null": _write_null,
    "boolean": _write_boolean,
    "int": write_long,
    "long": write_long,
    "double": _write_double,
    "string": write_text,
    "bytes": write_bytes,
}


def compile_writer(schema: Schema, classes: Classes) -> Writer:
    """Return the writer of a schema in normal form; raises `SchemaError` where a record has no class, or another."""
    if isinstance(schema, list):
        return _union(schema, classes)
    kind = kind_of(schema)
    if kind == "array":
        return _array(compile_writer(schema["items"], classes))
    if kind == "map":
        return _map(compile_writer(schema["values"], classes))
    return _record(schema, classes) if kind == "record" else _PRIMITIVES[kind]


def _array(item: Writer) -> Writer:
    def write(values: Collection[Any]) -> bytes:
        if not values:
            return b"\0"
        ordered: Iterable[Any] = sorted(values) if isinstance(values, frozenset) else values
        return b"".join((write_long(len(values)), *map(item, ordered), b"\0"))

    return write


def _map(item: Writer) -> Writer:
    def write(values: Mapping[str, Any]) -> bytes:
        if not values:
            return b"\0"
        parts = [write_long(len(values))]
        for key, value in values.items():
            parts.append(write_text(key))
            parts.append(item(value))
        parts.append(b"\0")
        return b"".join(parts)

    return write


def _union(branches: list[Any], classes: Classes) -> Writer:
    by_type: dict[type, tuple[bytes, Writer]] = {}
    for index, branch in enumerate(branches):
        write_branch = compile_writer(branch, classes)
        for found in _types_of(branch, classes):
            by_type[found] = (_SMALL[index << 1], write_branch)

    def write(value: Any) -> bytes:
        try:
            index, write_branch = by_type[type(value)]
        except KeyError:
            raise UnwritableError("wrong_type", f"{type(value).__name__} is in no branch of a union") from None
        return index + write_branch(value)

    return write


def _types_of(branch: Schema, classes: Classes) -> tuple[type, ...]:
    name = branch_name(branch)
    return _PYTHON_TYPES.get(name) or (_class_of(name, classes),)


def _class_of(name: str, classes: Classes) -> type:
    if name not in classes:
        raise SchemaError(f"no class stands for {name!r}")
    return classes[name]


def _record(schema: Schema, classes: Classes) -> Writer:
    fields = check_fields(_class_of(schema["name"], classes), schema)
    if not fields:
        return _write_null
    writers = [compile_writer(field["type"], classes) for field in schema["fields"]]
    get = attrgetter(*fields)
    if len(fields) == 1:
        only = writers[0]
        return lambda value: only(get(value))
    return lambda value: b"".join([write(part) for write, part in zip(writers, get(value), strict=True)])
