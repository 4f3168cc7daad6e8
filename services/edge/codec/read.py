"""Avro bytes to values: one function per pair of schemas (the writer's and ours), made once.

Readers of records, arrays and maps are generated (`generated.py`): what most fields are, a short text or number or
nothing, is read without a call. Every reader takes the whole buffer and a position and returns the value with the
position after it. Nothing is allocated for a declared length: texts are cut out of the buffer, and a position past its
end meets `IndexError` at the next byte or the caller's check that the buffer is used up. Raises `IndexError` and
`ValueError` (with its `UnicodeDecodeError`) only, so a caller needs no broad `except`. Schemas are checked by
`normal.py` beforehand.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from services.edge.codec.errors import SchemaError
from services.edge.codec.generated import Source
from services.edge.codec.names import UNIQUE, Classes, Schema, branch_name, kind_of, maker
from services.edge.codec.resolve import resolved

Reader: TypeAlias = Callable[[bytes, int], tuple[Any, int]]

_DOUBLE = struct.Struct("<d").unpack
_TAILS: dict[bytes, int] = {}
"""What the last four bytes of a moment stand for: those of our time have six, and these change every eight seconds."""
_KEPT = 1_024
_TEXTS_KEPT = 8_192
_new_tuple: Callable[..., Any] = tuple.__new__


def read_long(buffer: bytes, at: int) -> tuple[int, int]:
    """Read a zigzag variable-length integer; more than 64 bits are refused."""
    low = buffer[at]
    if low < 128:
        return (low >> 1) ^ -(low & 1), at + 1
    tail = _TAILS.get(buffer[at + 2 : at + 6])
    if tail is None or (middle := buffer[at + 1]) < 128:
        return _read_large(buffer, at)
    value = tail | (middle & 127) << 7 | low & 127
    return (value >> 1) ^ -(value & 1), at + 6


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
    if at - start == 6:
        _remember(buffer[start + 2 : at], value >> 14 << 14)
    return (value >> 1) ^ -(value & 1), at


def _remember(tail: bytes, value: int) -> None:
    if len(_TAILS) >= _KEPT:
        _TAILS.clear()
    _TAILS[tail] = value


class _Texts(dict[bytes, str]):
    """Short texts that come again and again, each as one object: names of fields, tenants, types, stages.

    Items share them then, which saves memory, and what compares or looks them up finds the very same object.
    """

    def __missing__(self, data: bytes) -> str:
        if len(self) >= _TEXTS_KEPT:
            self.clear()
        text = self[data] = data.decode()
        return text


_TEXTS = _Texts()


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
        return _from_union(_branches(writer, reader, classes))
    if isinstance(reader, list):
        return compile_reader(writer, _matching(writer, reader), classes)
    kind = kind_of(writer)
    if kind != kind_of(reader) and {kind, kind_of(reader)} != {"int", "long"}:
        raise SchemaError(f"{kind} cannot be read as {kind_of(reader)}")
    if kind == "array":
        return _array(writer["items"], reader["items"], classes)
    if kind == "map":
        return _map(writer["values"], reader["values"], classes)
    return _record(writer, reader, classes) if kind == "record" else _PRIMITIVES[kind]


def _branches(writer: list[Any], reader: Schema, classes: Classes) -> list[Reader]:
    return [compile_reader(branch, reader, classes) for branch in writer]


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


class _Steps:
    """Writes the source that reads values at `at` of `buffer` and moves `at` behind them."""

    def __init__(self, classes: Classes) -> None:
        self.source = Source("buffer", "at")
        self._classes = classes
        self._text = self.source.name(read_text)
        self._long = self.source.name(read_long)

    def read(self, into: str, writer: Schema, reader: Schema, indent: int = 0, *, shared: bool = False) -> None:
        """Add what reads one value into a variable; `shared` texts are those that come again."""
        kind = "union" if isinstance(writer, list) else kind_of(writer)
        read = compile_reader(writer, reader, self._classes)
        if kind == "union":
            self._union(into, writer, _branches(writer, reader, self._classes), indent)
        elif kind == "string" and read is read_text:
            self._short_text(into, indent, shared=shared)
        elif kind in ("int", "long"):
            self._add(indent, "size = buffer[at]", f"if size < 128: {into} = (size >> 1) ^ -(size & 1); at += 1")
            self._add(indent, f"else: {into}, at = {self._long}(buffer, at)")
        else:
            self._call(into, self.source.name(read), _EMPTY.get(kind, ""), indent)

    def _add(self, indent: int, *lines: str) -> None:
        self.source.add(*lines, indent=indent)

    def _call(self, into: str, read: str, empty: str, indent: int) -> None:
        if empty:
            self._add(indent, f"if buffer[at] == 0: {into} = {empty}; at += 1")
        self._add(indent, f"{'else: ' if empty else ''}{into}, at = {read}(buffer, at)")

    def _short_text(self, into: str, indent: int, *, shared: bool = False) -> None:
        text = f"{self.source.name(_TEXTS)}[buffer[start:at]]" if shared else "buffer[start:at].decode()"
        self._add(indent, "size = buffer[at]", f"if size == 0: {into} = ''; at += 1")
        self._add(indent, f"elif size & 129: {into}, at = {self._text}(buffer, at)")
        self._add(indent, f"else: start = at + 1; at = start + (size >> 1); {into} = {text}")

    def _union(self, into: str, writer: list[Any], branches: list[Reader], indent: int) -> None:
        known = self.source.name(branches)
        self._add(indent, "index = buffer[at]", "at += 1")
        first = "if"
        if writer[0] == "null":
            self._add(indent, f"if index == 0: {into} = None")
            first = "elif"
        if "string" in writer and branches[place := writer.index("string")] is read_text:
            self._add(indent, f"{first} index == {2 * place}:")
            self._short_text(into, indent + 1)
            first = "elif"
        self._add(indent, f"{first} index & 129: raise ValueError('a union index is negative or too large')")
        self._add(indent, f"else: {into}, at = {known}[index >> 1](buffer, at)")

    def blocks(self, names: Mapping[str, str]) -> int:
        """Add the loop over blocks and their items; return the indent of what reads an item."""
        count = self.source.name(_read_count)
        self.source.add(f"if buffer[at] == 0: return {names['empty']}, at + 1", f"out = {names['out']}")
        self.source.add(f"count, at = {count}(buffer, at)", "total = 0", "while count:")
        self.source.add("total += count", "left = count", "while left:", indent=1)
        self.source.add("left -= 1", indent=2)
        return 2

    def next_block(self) -> None:
        """Close the loop of `blocks`."""
        self.source.add(f"count, at = {self.source.name(_read_count)}(buffer, at)", indent=1)


_EMPTY: Mapping[str, str] = {"array": "()", "map": "{}", "boolean": "False"}
"""What a zero byte means where something of this kind is expected."""


def _array(writer: Schema, reader: Schema, classes: Classes) -> Reader:
    steps = _Steps(classes)
    item = steps.source.variable()
    indent = steps.blocks({"empty": "()", "out": "[]"})
    steps.read(item, writer, reader, indent)
    steps.source.add(f"out.append({item})", indent=indent)
    steps.next_block()
    steps.source.add("return tuple(out), at")
    made: Reader = steps.source.compile()
    return made


def _map(writer: Schema, reader: Schema, classes: Classes) -> Reader:
    steps = _Steps(classes)
    key, value = steps.source.variable(), steps.source.variable()
    indent = steps.blocks({"empty": "{}", "out": "{}"})
    steps.read(key, "string", "string", indent, shared=True)
    steps.read(value, writer, reader, indent)
    steps.source.add(f"out[{key}] = {value}", indent=indent)
    steps.next_block()
    steps.source.add("if len(out) != total: raise ValueError('a map has a key twice')", "return out, at")
    made: Reader = steps.source.compile()
    return made


def _record(writer: Schema, reader: Schema, classes: Classes) -> Reader:
    if writer["name"] != reader["name"]:
        raise SchemaError(f"{writer['name']} cannot be read as {reader['name']}")
    if [f["name"] for f in writer["fields"]] != [f["name"] for f in reader["fields"]]:
        return resolved(writer, reader, classes, compile_reader)
    make, steps = maker(reader, classes), _Steps(classes)
    variables = [steps.source.variable() for _ in writer["fields"]]
    for variable, theirs, ours in zip(variables, writer["fields"], reader["fields"], strict=True):
        steps.read(variable, theirs["type"], ours["type"], shared=ours["name"] not in UNIQUE)
    values, known = ", ".join(variables), steps.source.name(make)
    is_tuple = isinstance(make, type) and issubclass(make, tuple)
    made = f"{steps.source.name(_new_tuple)}({known}, ({values},))" if is_tuple and values else f"{known}({values})"
    steps.source.add(f"return {made}, at")
    read: Reader = steps.source.compile()
    return read
