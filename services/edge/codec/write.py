"""Values to Avro bytes: one function per schema, made once; far quicker than walking a schema for each value.

Every writer takes a value and returns its bytes; a record's bytes are those of its fields, one after the other. Those
of records, arrays and maps are generated (`generated.py`): short texts and numbers, which most fields are, cost a look
into a table each.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from services.edge.codec.errors import SchemaError, UnwritableError
from services.edge.codec.generated import Source, attributes
from services.edge.codec.names import UNIQUE, Classes, Schema, branch_name, check_fields, kind_of

Writer: TypeAlias = Callable[[Any], bytes]

_SMALL = tuple(bytes((n,)) for n in range(128))
_SHORT = _SMALL[::2]
"""The zigzag form of 0 to 63: small numbers, and lengths."""
_DOUBLE = struct.Struct("<d").pack
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
    """Return the zigzag variable-length form of an integer of 64 bits."""
    if value >= _TABLED:
        return _LOWS[value & _TABLED - 1] + _TAILS[value // _TABLED]
    return _TWO[value] if value >= 0 else _long(value)


def _long(value: int) -> bytes:
    if not _MIN <= value <= _MAX:
        raise UnwritableError("out_of_range", "an integer has more than 64 bits")
    return _unsigned((value << 1) ^ (value >> 63))


def _unsigned(rest: int) -> bytes:
    out = bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out)


_TABLED = 1 << 13
_TWO = tuple(map(_long, range(_TABLED)))
"""The numbers of one and two bytes."""
_LOWS = tuple(bytes((low << 1 & 127 | 128, low >> 6 | 128)) for low in range(_TABLED))
"""The first two bytes of larger numbers."""


class _Tails(dict[int, bytes]):
    """What follows behind two bytes: for moments it changes every eight seconds."""

    def __missing__(self, high: int) -> bytes:
        if high > _MAX >> 13:
            raise UnwritableError("out_of_range", "an integer has more than 64 bits")
        if len(self) >= _KEPT:
            self.clear()
        made = self[high] = _unsigned(high)
        return made


_TAILS = _Tails()


class _Texts(dict[str, bytes]):
    """Short texts with their bytes: tenants, types, stages, ids stand in many records one after the other."""

    def __missing__(self, text: str) -> bytes:
        made = write_text(text)
        if len(made) <= 64:
            if len(self) >= _KEPT:
                self.clear()
            self[text] = made
        return made


def write_text(value: str) -> bytes:
    """Return the length and the UTF-8 bytes of a text."""
    data = value.encode()
    size = len(data)
    return _SHORT[size] + data if size < 64 else write_long(size) + data


_TEXTS = _Texts()


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
    return _compile(schema, classes, b"")


def _compile(schema: Schema, classes: Classes, head: bytes) -> Writer:
    """Return a writer that puts `head`, the index of its branch in a union, before its bytes."""
    if isinstance(schema, list):
        return _Branches(schema, classes).write
    kind = kind_of(schema)
    if kind == "record":
        return _record(schema, classes, head)
    if kind in ("array", "map"):
        return _items(schema, classes, head)
    plain = _PRIMITIVES[kind]
    return _text_branch(head) if head and kind == "string" else _behind(head, plain) if head else plain


def _behind(head: bytes, write: Writer) -> Writer:
    return lambda value: head + write(value)


def _text_branch(head: bytes) -> Writer:
    heads = [head + size for size in _SHORT]

    def write(value: str) -> bytes:
        data = value.encode()
        size = len(data)
        return heads[size] + data if size < 64 else head + write_long(size) + data

    return write


class _Branches(dict[type, Writer]):
    """The branches of a union by the type of the value."""

    def __init__(self, branches: list[Any], classes: Classes) -> None:
        for index, branch in enumerate(branches):
            write = _compile(branch, classes, _SHORT[index])
            self.update(dict.fromkeys(_types_of(branch, classes), write))

    def __missing__(self, kind: type) -> Writer:
        raise UnwritableError("wrong_type", f"{kind.__name__} is in no branch of a union")

    def write(self, value: Any) -> bytes:
        return self[type(value)](value)


def _types_of(branch: Schema, classes: Classes) -> tuple[type, ...]:
    name = branch_name(branch)
    return _PYTHON_TYPES.get(name) or (_class_of(name, classes),)


def _class_of(name: str, classes: Classes) -> type:
    if name not in classes:
        raise SchemaError(f"no class stands for {name!r}")
    return classes[name]


def _record(schema: Schema, classes: Classes, head: bytes) -> Writer:
    cls = _class_of(schema["name"], classes)
    fields = attributes(check_fields(cls, schema))
    source = Source("value")
    variables = [source.variable() for _ in fields]
    if issubclass(cls, tuple) and variables:
        source.add(f"{', '.join(variables)}, = value")
    else:
        source.add(*(f"{variable} = value.{field}" for variable, field in zip(variables, fields, strict=True)))
    pairs = zip(schema["fields"], variables, strict=True)
    parts = [
        _unique_text(source, variable) if _is_unique(field) else _expression(source, field["type"], variable, classes)
        for field, variable in pairs
    ]
    source.add(f"return {_joined(source, head, [part for part in parts if part])}")
    made: Writer = source.compile()
    return made


def _is_unique(field: Mapping[str, Any]) -> bool:
    """Say whether a field is a text that hardly comes twice: it would only push the others out of the table."""
    return field["type"] == "string" and field["name"] in UNIQUE


def _unique_text(source: Source, variable: str) -> str:
    short, long = source.name(_SHORT), source.name(write_text)
    data = source.variable()
    return f"({short}[len({data})] + {data} if len({data} := {variable}.encode()) < 64 else {long}({variable}))"


def _joined(source: Source, head: bytes, parts: list[str]) -> str:
    if head:
        parts = [source.name(head), *parts]
    if len(parts) < 2:
        return parts[0] if parts else "b''"
    return f"{source.name(b''.join)}(({', '.join(parts)}))"


def _expression(source: Source, schema: Schema, variable: str, classes: Classes) -> str:
    """Return what gives the bytes of a variable; empty where there are none."""
    if isinstance(schema, list):
        branches = source.name(_Branches(schema, classes))
        written = f"{branches}[type({variable})]({variable})"
        return f"({source.name(_SHORT[0])} if {variable} is None else {written})" if schema[0] == "null" else written
    kind = kind_of(schema)
    if kind == "null":
        return ""
    if kind == "string":
        return f"{source.name(_TEXTS)}[{variable}]"
    write = source.name(compile_writer(schema, classes))
    if kind in ("int", "long"):
        return f"({source.name(_SHORT)}[{variable}] if 0 <= {variable} < 64 else {write}({variable}))"
    return (
        f"({write}({variable}) if {variable} else {source.name(_SHORT[0])})"
        if _zero_if_empty(kind)
        else (f"{write}({variable})")
    )


def _zero_if_empty(kind: str) -> bool:
    return kind in ("array", "map", "boolean", "bytes")


def _items(schema: Schema, classes: Classes, head: bytes) -> Writer:
    """Return the writer of an array or map, all items in one block."""
    source = Source("values")
    names = {"empty": source.name(head + b"\0"), "join": source.name(b"".join), "size": source.name(write_long)}
    key, value = source.variable(), source.variable()
    if schema["type"] == "map":
        each, loop = _expression(source, schema["values"], value, classes), f"for {key}, {value} in values.items()"
        each = f"{source.name(_TEXTS)}[{key}] + {each}"
    else:
        each, loop = _expression(source, schema["items"], value, classes), f"for {value} in values"
        source.add(f"if type(values) is {source.name(frozenset)}: values = {source.name(sorted)}(values)")
    source.add(f"if not values: return {names['empty']}")
    first = f"{source.name(head)} + {names['size']}(len(values))"
    source.add(f"return {first} + {names['join']}([{each} {loop}]) + {source.name(_SHORT[0])}")
    made: Writer = source.compile()
    return made
