"""A condition as a tree of frozen values: closed sets of operators and operands, no code (spec 1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from automation.scope import Reference
from automation.values import FieldType, Money, Value

Op: TypeAlias = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "contains", "not_contains", "in", "not_in", "empty", "not_empty"
]
Family: TypeAlias = Literal["text", "number", "money", "bool", "time"]

FAMILIES: dict[FieldType, Family] = {
    "string": "text", "text": "text", "list": "text", "user": "text", "file": "text", "item": "text",
    "resource_booking": "text",
    "int": "number", "number": "number", "money": "money", "bool": "bool", "date": "time", "datetime": "time",
}  # fmt: skip
"""Types of one family compare with each other."""

_ALWAYS = frozenset[Op]({"eq", "ne", "empty", "not_empty"})
_ORDERED = _ALWAYS | frozenset[Op]({"gt", "gte", "lt", "lte", "in", "not_in"})
OPERATORS: dict[Family, frozenset[Op]] = {
    "text": _ALWAYS | frozenset[Op]({"contains", "not_contains", "in", "not_in"}),
    "number": _ORDERED,
    "money": _ORDERED,
    "time": _ORDERED,
    "bool": _ALWAYS,
}
NEGATED: dict[Op, Op] = {"ne": "eq", "not_contains": "contains", "not_in": "in", "not_empty": "empty"}
"""Operators that hold exactly where another one does not (a missing exchange rate aside)."""
UNARY = frozenset[Op]({"empty", "not_empty"})

MAX_DEPTH = 32
MAX_LEAVES = 1_000
MAX_MEMBERS = 10_000
MAX_TEXT = 10_000
MAX_NAME = 200
MAX_MINUTES = 36_525 * 1_440
MAX_JSON = 262_144


@dataclass(frozen=True, slots=True)
class Operand:
    """A named value with the type that the schema gives it."""

    reference: Reference
    type: FieldType


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal value."""

    value: Value


@dataclass(frozen=True, slots=True)
class Members:
    """The literal values of an `in` list, as written (without repeats)."""

    values: tuple[str | int | float | Money, ...]
    lookup: frozenset[str | int | float | Money]


@dataclass(frozen=True, slots=True)
class Relative:
    """A time counted from now (`base` is `None`) or from a value: whole days on the calendar, minutes on the clock."""

    days: int
    minutes: int
    base: Operand | None


Right: TypeAlias = Operand | Constant | Members | Relative


@dataclass(frozen=True, slots=True)
class Comparison:
    """One leaf; `right` is `None` for `empty` and `not_empty`."""

    left: Operand
    op: Op
    right: Right | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A leaf that holds where the change in hand changed the field."""

    code: str


@dataclass(frozen=True, slots=True)
class Group:
    """Parts joined with AND (`all`) or OR (`any`); `all` of nothing holds always."""

    mode: Literal["all", "any"]
    parts: tuple[Node, ...]


Node: TypeAlias = Comparison | Changed | Group


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was checked against a schema."""

    root: Node


ALWAYS = Condition(Group("all", ()))


class ConditionError(NamedTuple):
    """One thing wrong with a condition: JSON path (`$.all[0].value`) and what is expected there."""

    path: str
    message: str


class InvalidConditionError(ValueError):
    """The condition cannot be saved; `errors` names everything that is wrong with it."""

    def __init__(self, errors: tuple[ConditionError, ...]) -> None:
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in errors[:5]))
        self.errors = errors


def leaves(node: Node) -> Iterator[Comparison | Changed]:
    """Yield the leaves in written order."""
    if isinstance(node, Group):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def condition_references(condition: Condition) -> frozenset[Reference]:
    """Return every name that the condition reads: what saving checks (results of other stages, deleted fields)."""
    found: set[Reference] = set()
    for leaf in leaves(condition.root):
        if isinstance(leaf, Changed):
            found.add(Reference("new", leaf.code))
            continue
        found.add(leaf.left.reference)
        right = leaf.right.base if isinstance(leaf.right, Relative) else leaf.right
        if isinstance(right, Operand):
            found.add(right.reference)
    return frozenset(found)
