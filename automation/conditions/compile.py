"""From a `Condition` to closures: what runs for every change (spec 1.6; under half a microsecond for a leaf)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from automation.conditions.model import NEGATED, Changed, Comparison, Condition, Constant, Members, Node, Operand
from automation.conditions.operators import find_test
from automation.conditions.times import convert_time, read_relative
from automation.scope import Reader, Scope, reader
from automation.values import FieldType

Predicate: TypeAlias = Callable[[Scope], bool]


def compile_condition(condition: Condition) -> Predicate:
    """Return a function that says whether the condition holds in a scope; it never raises."""
    return compile_node(condition.root)


def compile_node(node: Node) -> Predicate:
    """Return a function that says whether one part of a condition holds."""
    if isinstance(node, Changed):
        code = node.code
        return lambda scope: code in scope.new
    if isinstance(node, Comparison):
        return _compile_comparison(node)
    parts = [compile_node(part) for part in node.parts]
    return _all(parts) if node.mode == "all" else _any(parts)


def _compile_comparison(leaf: Comparison) -> Predicate:
    read = reader(leaf.left.reference)
    test = find_test(NEGATED.get(leaf.op, leaf.op), leaf.left.type)
    wanted = leaf.op not in NEGATED  # a missing rate is neither True nor False: the leaf does not hold
    if isinstance(leaf.right, Constant | Members):
        fixed = leaf.right.value if isinstance(leaf.right, Constant) else leaf.right
        return lambda scope: test(read(scope), fixed, scope) is wanted
    other = read_right(leaf)
    return lambda scope: test(read(scope), other(scope), scope) is wanted


def read_right(leaf: Comparison) -> Reader:
    """Return what reads the right side of a leaf as a value of the left side's type."""
    type_ = leaf.left.type
    match leaf.right:
        case None:
            return lambda _scope: None
        case Constant(value):
            return lambda _scope: value
        case Members():
            return lambda _scope: None
        case Operand(reference, source):
            return _converted(reader(reference), source, type_)
        case _:
            return read_relative(leaf.right, type_)


def _converted(read: Reader, source: FieldType, target: FieldType) -> Reader:
    if source == target or "date" not in (source, target):
        return read
    return lambda scope: convert_time(read(scope), target, scope.zone)


def _all(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda scope: first(scope) and second(scope)

    def predicate(scope: Scope) -> bool:
        for part in parts:  # noqa: SIM110 - all(...) would make a generator for every change
            if not part(scope):
                return False
        return True

    return predicate


def _any(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda scope: first(scope) or second(scope)

    def predicate(scope: Scope) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(scope):
                return True
        return False

    return predicate
