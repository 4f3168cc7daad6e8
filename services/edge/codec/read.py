"""Avro bytes to values: one closure per pair of schemas (the writer's and ours), made once.

Every reader takes the whole buffer and a position and returns the value with the position after it. Nothing is
allocated for a declared length: texts are cut out of the buffer, and a position past its end meets `IndexError` at
the next byte or the caller's check that the buffer is used up. Raises `IndexError` and `ValueError` (with its
`UnicodeDecodeError`) only, so a caller needs no broad `except`. Schemas are checked by `normal.py` beforehand.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from services.edge.codec.errors import SchemaError
from services.edge.codec.names import Classes, Schema, branch_name, kind_of, maker

Reader: TypeAlias = Callable[[bytes, int], tuple[Any, int]]

_DOUBLE = struct.Struct("<d").unpack
_MOMENT_BYTES = 6
_MOMENTS: dict[bytes, int] = {}
"""Moments by their bytes: those of our time have six, and one stands in many records of a batch."""
_KEPT = 8_192
_new_tuple: Callable[..., Any] = tuple.__new__


def read_long(buffer: bytes, at: int) -> tuple[int, int]:
    """Read a zigzag variable-length integer; more than 64 bits are refused."""
    byte = buffer[at]
    if byte < 128:
        return (byte >> 1) ^ -(byte & 1), at + 1
    known = _MOMENTS.get(buffer[at : at + _MOMENT_BYTES])
    return (known, at + _MOMENT_BYTES) if known is not None else _read_large(buffer, at)


def _read_large(buffer: bytes, start: int) -> tuple[int, int]:
    value, shift, at, byte = 0, 0, start, 128
    while byte > 127:
        byte = buffer[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise ValueError("an integer has more than 64 bits")
    if value >> 64:
        raise ValueError("an integer has more than 64 bits")
    found = (value >> 1) ^ -(value & 1)
    if at - start == _MOMENT_BYTES:
        _remember(buffer[start:at], found)
    return found, at


def _remember(written: bytes, value: int) -> None:
    if len(_MOMENTS) >= _KEPT:
        _MOMENTS.clear()
    _MOMENTS[written] = value


def read_text(buffer: bytes, at: int) -> tuple[str, int]:
    """Read a text; the length of most fits one byte."""
    size = buffer[at]
    at += 1
    if size & 129:
        size, at = read_long(buffer, at - 1)
        if size < 0:
            raise ValueError("a length is negative")
        end = at + size
    else:
        end = at + (size >> 1)
    return buffer[at:end].decode(), end


def read_bytes(buffer: bytes, at: int) -> tuple[bytes, int]:
    """Read bytes with their length."""
    size, at = read_long(buffer, at)
    if size < 0:
        raise ValueError("a length is negative")
    return buffer[at : at + size], at + size


def _read_boolean(buffer: bytes, at: int) -> tuple[bool, int]:
    byte = buffer[at]
    if byte > 1:
        raise ValueError("a boolean is neither 0 nor 1")
    return byte == 1, at + 1


def _read_double(buffer: bytes, at: int) -> tuple[float, int]:
    if at + 8 > len(buffer):
        raise IndexError("the buffer ends within a number")
    value: float = _DOUBLE(buffer[at : at + 8])[0]
    if not math.isfinite(value):
        raise ValueError("a number is nan or infinite")
    return value, at + 8


def _read_null(buffer: bytes, at: int) -> tuple[None, int]:
    return None, at


_PRIMITIVES: Mapping[str, Reader] = {
    "null": _read_null,
    "boolean": _read_boolean,
    "int": read_long,
    "long": read_long,
    "double": _read_double,
    "string": read_text,
    "bytes": read_bytes,
}


def compile_reader(writer: Schema, reader: Schema, classes: Classes) -> Reader:
    """Return what reads bytes of schema `writer` into values of schema `reader`; raises `SchemaError` if none can.

    Both are in normal form. A record of `reader` becomes its class of `classes`, or a dict.
    """
    if isinstance(writer, list):
        return _from_union([compile_reader(branch, reader, classes) for branch in writer])
    if isinstance(reader, list):
        return compile_reader(writer, _matching(writer, reader), classes)
    kind = kind_of(writer)
    if kind != kind_of(reader) and {kind, kind_of(reader)} != {"int", "long"}:
        raise SchemaError(f"{kind} cannot be read as {kind_of(reader)}")
    if kind == "array":
        return _array(compile_reader(writer["items"], reader["items"], classes))
    if kind == "map":
        return _map(compile_reader(writer["values"], reader["values"], classes))
    return _record(writer, reader, classes) if kind == "record" else _PRIMITIVES[kind]


def _matching(writer: Schema, branches: list[Any]) -> Schema:
    wanted = branch_name(writer)
    for branch in branches:
        if branch_name(branch) == wanted:
            return branch
    raise SchemaError(f"{wanted} is in no branch of the union that reads it")


def _from_union(branches: list[Reader]) -> Reader:
    def read(buffer: bytes, at: int) -> tuple[Any, int]:
        index = buffer[at]
        if index & 129:
            raise ValueError("a union index is negative or too large")
        return branches[index >> 1](buffer, at + 1)

    return read


def _read_count(buffer: bytes, at: int) -> tuple[int, int]:
    """Read the head of a block; each item takes a byte at least, so a count beyond the buffer is refused at once."""
    count, at = read_long(buffer, at)
    if count < 0:
        count = -count
        _, at = read_long(buffer, at)
    if count > len(buffer) - at:
        raise ValueError("a block declares more items than the buffer can hold")
    return count, at


def _array(item: Reader) -> Reader:
    def read(buffer: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        if buffer[at] == 0:
            return (), at + 1
        out: list[Any] = []
        count, at = _read_count(buffer, at)
        while count:
            for _ in range(count):
                value, at = item(buffer, at)
                out.append(value)
            count, at = _read_count(buffer, at)
        return tuple(out), at

    return read


def _map(item: Reader) -> Reader:
    def read(buffer: bytes, at: int) -> tuple[dict[str, Any], int]:
        out: dict[str, Any] = {}
        if buffer[at] == 0:
            return out, at + 1
        count, at = _read_count(buffer, at)
        total = 0
        while count:
            total += count
            for _ in range(count):
                key, at = read_text(buffer, at)
                out[key], at = item(buffer, at)
            count, at = _read_count(buffer, at)
        if len(out) != total:
            raise ValueError("a map has a key twice")
        return out, at

    return read


def _record(writer: Schema, reader: Schema, classes: Classes) -> Reader:
    if writer["name"] != reader["name"]:
        raise SchemaError(f"{writer['name']} cannot be read as {reader['name']}")
    make = maker(reader, classes)
    if [f["name"] for f in writer["fields"]] != [f["name"] for f in reader["fields"]]:
        return _resolved(writer, reader, classes, make)
    pairs = zip(writer["fields"], reader["fields"], strict=True)
    return _same([compile_reader(w["type"], r["type"], classes) for w, r in pairs], make)


def _same(readers: list[Reader], make: Callable[..., Any]) -> Reader:
    """Read a record field by field; texts and short integers, which most fields are, cost no call."""
    new: Callable[..., Any] = _new_tuple if isinstance(make, type) and issubclass(make, tuple) else _call
    steps = [(read_field is read_text, read_field is read_long, read_field) for read_field in readers]

    def read(buffer: bytes, at: int) -> tuple[Any, int]:
        values: list[Any] = []
        add = values.append
        for is_text, is_long, read_field in steps:
            if is_text and not (size := buffer[at]) & 129:
                start = at + 1
                at = start + (size >> 1)
                add(buffer[start:at].decode())
            elif is_long and (size := buffer[at]) < 128:
                add((size >> 1) ^ -(size & 1))
                at += 1
            else:
                value, at = read_field(buffer, at)
                add(value)
        return new(make, values), at

    return read


def _call(make: Callable[..., Any], values: list[Any]) -> Any:
    return make(*values)


def _resolved(writer: Schema, reader: Schema, classes: Classes, make: Callable[..., Any]) -> Reader:
    """Read a record of another release: fields that we lack are skipped, fields that it lacks get their default."""
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
