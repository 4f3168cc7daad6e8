"""From JSON or YAML data to a checked `Condition` (spec 1.6); everything wrong is reported at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, TypeAlias, cast

from automation.conditions.literals import LiteralError, Scalar, is_int, is_text, read_literal
from automation.conditions.model import (
    ALWAYS,
    FAMILIES,
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_MEMBERS,
    MAX_MINUTES,
    MAX_NAME,
    OPERATORS,
    UNARY,
    Changed,
    Comparison,
    Condition,
    ConditionError,
    Constant,
    Group,
    InvalidConditionError,
    Members,
    Node,
    Op,
    Operand,
    Relative,
    Right,
)
from automation.scope import Kind, Reference, Schema
from automation.values import FieldType

Mode: TypeAlias = Literal["all", "any"]
_ALL_OPERATORS: Collection[str] = OPERATORS["text"] | OPERATORS["money"]
_KINDS: tuple[Kind, ...] = ("field", "old", "new", "result", "param", "var", "const", "iterator")
_MAX_ERRORS = 100


def parse_condition(data: object, schema: Schema) -> Condition:
    """Return the condition that JSON or YAML data stand for; `None`, `{}` and `[]` hold always.

    Raises `InvalidConditionError` with every error found (at most 100), and nothing else.
    """
    if data is None or (isinstance(data, Mapping | list) and _is_empty(data)):
        return ALWAYS
    parser = _Parser(schema)
    root = parser.node(data, "$", 1)
    if root is None or parser.errors:
        raise InvalidConditionError(tuple(parser.errors))
    return Condition(root)


def _is_empty(data: Mapping[object, object] | list[object]) -> bool:
    if isinstance(data, list) or not data:
        return not data
    return len(data) == 1 and next(iter(data)) in ("all", "any") and next(iter(data.values())) == []


def _shown(value: object) -> str:
    return repr(value[:60]) if isinstance(value, str) else type(value).__name__


class _RefusedError(Exception):
    """A part of the condition cannot be read; caught where its neighbours can still be."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.error = ConditionError(path, message)


class _Parser:
    """Walks the data once; a node that cannot be read is `None`, and `errors` says why."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.errors: list[ConditionError] = []
        self.leaves = 0
        self.groups = 0

    def note(self, error: ConditionError) -> None:
        if len(self.errors) < _MAX_ERRORS and error not in self.errors:
            self.errors.append(error)

    def node(self, data: object, path: str, depth: int) -> Node | None:
        try:
            self.count(data, path, depth)
            return self.read(data, path, depth)
        except _RefusedError as refused:
            self.note(refused.error)
            return None

    def count(self, data: object, path: str, depth: int) -> None:
        """Keep count of the size: shared YAML nodes count as often as they are met."""
        is_group = isinstance(data, list) or (isinstance(data, Mapping) and ("all" in data or "any" in data))
        self.groups += is_group
        self.leaves += not is_group
        if depth > MAX_DEPTH:
            raise _RefusedError(path, f"nested deeper than {MAX_DEPTH} levels")
        if self.leaves > MAX_LEAVES or self.groups > MAX_LEAVES:
            raise _RefusedError("$", f"more than {MAX_LEAVES} comparisons or groups")

    def read(self, data: object, path: str, depth: int) -> Node | None:
        if isinstance(data, list):
            return self.flat(data, path, depth)
        if not isinstance(data, Mapping):
            raise _RefusedError(path, f"expected a comparison or a group, not {_shown(data)}")
        for mode in ("all", "any"):
            if mode in data:
                return self.group(data, mode, path, depth)
        return self.changed(data, path) if "changed" in data else self.comparison(data, path)

    def group(self, data: Mapping[object, object], mode: Mode, path: str, depth: int) -> Node | None:
        self.only(data, {mode}, path)
        parts = data[mode]
        if not isinstance(parts, list) or not parts:
            raise _RefusedError(f"{path}.{mode}", "expected a list of at least one comparison or group")
        return _group(mode, [self.node(part, f"{path}.{mode}[{at}]", depth + 1) for at, part in enumerate(parts)])

    def flat(self, data: list[object], path: str, depth: int) -> Node | None:
        """Read `[leaf, "AND", leaf, "OR", leaf]`: AND binds tighter."""
        if len(data) % 2 == 0:
            raise _RefusedError(path, 'expected comparisons with "AND" or "OR" between them')
        runs: list[list[Node | None]] = [[self.node(data[0], f"{path}[0]", depth + 1)]]
        for at in range(1, len(data), 2):
            word = data[at]
            if word not in ("AND", "OR"):
                self.note(ConditionError(f"{path}[{at}]", f'expected "AND" or "OR", not {_shown(word)}'))
            if word == "OR":
                runs.append([])
            runs[-1].append(self.node(data[at + 1], f"{path}[{at + 1}]", depth + 1))
        return _group("any", [_group("all", run) for run in runs])

    def changed(self, data: Mapping[object, object], path: str) -> Changed:
        self.only(data, {"changed"}, path)
        return Changed(self.operand("new", data["changed"], f"{path}.changed").reference.name)

    def comparison(self, data: Mapping[object, object], path: str) -> Comparison:
        kinds = [kind for kind in _KINDS if kind in data]
        if len(kinds) != 1:
            raise _RefusedError(path, f"expected one of {', '.join(_KINDS)} to compare")
        self.only(data, {kinds[0], "op", "value"}, path)
        left = self.operand(kinds[0], data[kinds[0]], f"{path}.{kinds[0]}")
        op = self.operator(data.get("op"), left.type, f"{path}.op")
        if ("value" in data) == (op in UNARY):
            raise _RefusedError(path, f"{op} takes no value" if op in UNARY else f"{op} needs a value")
        return Comparison(left, op, None if op in UNARY else self.right(data["value"], left.type, op, f"{path}.value"))

    def only(self, data: Mapping[object, object], known: set[str], path: str) -> None:
        for key in data:
            if key not in known:
                self.note(ConditionError(path, f"unknown key {_shown(key)}"))

    def operand(self, kind: Kind, name: object, path: str) -> Operand:
        if not isinstance(name, str) or not is_text(name) or not 0 < len(name) <= MAX_NAME:
            raise _RefusedError(path, f"expected a name of 1 to {MAX_NAME} characters")
        reference = Reference(kind, name)
        type_ = self.schema.type_of(reference)
        if type_ is None:
            raise _RefusedError(path, f"unknown {kind} {_shown(name)}")
        return Operand(reference, type_)

    def operator(self, op: object, type_: FieldType, path: str) -> Op:
        if not isinstance(op, str) or op not in _ALL_OPERATORS:
            raise _RefusedError(path, f"unknown operator {_shown(op)}")
        if op not in OPERATORS[FAMILIES[type_]]:
            raise _RefusedError(path, f"{op} does not apply to {type_}")
        return op

    def right(self, data: object, type_: FieldType, op: Op, path: str) -> Right:
        if isinstance(data, Mapping) and "relative" in data:
            self.only(data, {"relative"}, path)
            return self.relative(data["relative"], type_, op, f"{path}.relative")
        if _is_named(data):
            return self.named(data, type_, path)
        if op in ("in", "not_in"):
            return self.members(data, type_, path)
        if isinstance(data, list) and type_ == "list" and op in ("eq", "ne"):
            return Constant(tuple(str(value) for value in self.members(data, type_, path).values))
        return Constant(self.literal(data, type_, path))

    def named(self, data: object, type_: FieldType, path: str) -> Operand:
        ((kind, name),) = cast("Mapping[Kind, object]", data).items()
        operand = self.operand(kind, name, f"{path}.{kind}")
        if FAMILIES[operand.type] != FAMILIES[type_]:
            raise _RefusedError(path, f"{operand.type} does not compare with {type_}")
        return operand

    def literal(self, data: object, type_: FieldType, path: str) -> Scalar:
        try:
            return read_literal(data, type_)
        except LiteralError as error:
            raise _RefusedError(path, str(error)) from None

    def members(self, data: object, type_: FieldType, path: str) -> Members:
        if not isinstance(data, list) or not 0 < len(data) <= MAX_MEMBERS:
            raise _RefusedError(path, f"expected a list of 1 to {MAX_MEMBERS} values")
        values: dict[Scalar, None] = {}
        for at, value in enumerate(data):
            values[self.literal(value, type_, f"{path}[{at}]")] = None
        return Members(tuple(values), frozenset(values))

    def relative(self, data: object, type_: FieldType, op: Op, path: str) -> Relative:
        if FAMILIES[type_] != "time" or op in ("in", "not_in"):
            raise _RefusedError(path, "a relative time compares with one date or datetime")
        if not isinstance(data, Mapping):
            raise _RefusedError(path, "expected days, hours or minutes, and from")
        self.only(data, {"days", "hours", "minutes", "from"}, path)
        days, hours, minutes = (self.amount(data.get(key, 0), f"{path}.{key}") for key in ("days", "hours", "minutes"))
        start = data.get("from", "now")
        base = None if start == "now" else self.base(start, type_, f"{path}.from")
        return Relative(days, 60 * hours + minutes, base)

    def base(self, data: object, type_: FieldType, path: str) -> Operand:
        named = {"field": data} if isinstance(data, str) else data
        if not _is_named(named):
            raise _RefusedError(path, "expected now or the name of a date")
        return self.named(named, type_, path)

    def amount(self, data: object, path: str) -> int:
        if not isinstance(data, int) or not is_int(data) or abs(data) > MAX_MINUTES:
            raise _RefusedError(path, f"expected a whole number between -{MAX_MINUTES} and {MAX_MINUTES}")
        return data


def _is_named(data: object) -> bool:
    return isinstance(data, Mapping) and len(data) == 1 and next(iter(data)) in _KINDS


def _group(mode: Mode, parts: Sequence[Node | None]) -> Node | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else Group(mode, tuple(known))
