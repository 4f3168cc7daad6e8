"""Why a condition held or not: every leaf with the values it met ("why did this not fire?")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from automation.conditions.compile import compile_node, read_right
from automation.conditions.model import Changed, Comparison, Condition, Group, Members, Node, Op
from automation.money import in_base
from automation.scope import Reference, Scope, reader
from automation.values import Money, Value, is_empty

Note: TypeAlias = Literal["", "unset", "no_rate"]


@dataclass(frozen=True, slots=True)
class LeafTrace:
    """One comparison: what was read on both sides, and the verdict."""

    reference: Reference
    op: Op | Literal["changed"]
    actual: Value
    expected: Value | Members
    verdict: bool
    note: Note = ""


@dataclass(frozen=True, slots=True)
class GroupTrace:
    """A group with all of its parts; those that evaluation would have passed over are judged too."""

    mode: Literal["all", "any"]
    parts: tuple[Trace, ...]
    verdict: bool


Trace: TypeAlias = LeafTrace | GroupTrace


def explain(condition: Condition, scope: Scope) -> Trace:
    """Return the tree of the condition with actual values and verdicts; the root's is that of `compile_condition`."""
    return _trace(condition.root, scope)


def _trace(node: Node, scope: Scope) -> Trace:
    if isinstance(node, Group):
        parts = tuple(_trace(part, scope) for part in node.parts)
        judge = all if node.mode == "all" else any
        return GroupTrace(node.mode, parts, judge(part.verdict for part in parts))
    verdict = compile_node(node)(scope)
    if isinstance(node, Changed):
        return LeafTrace(Reference("new", node.code), "changed", scope.new.get(node.code), None, verdict)
    return _comparison(node, scope, verdict)


def _comparison(leaf: Comparison, scope: Scope, verdict: bool) -> LeafTrace:
    actual = reader(leaf.left.reference)(scope)
    expected = leaf.right if isinstance(leaf.right, Members) else read_right(leaf)(scope)
    return LeafTrace(leaf.left.reference, leaf.op, actual, expected, verdict, _note(leaf, actual, expected, scope))


def _note(leaf: Comparison, actual: Value, expected: Value | Members, scope: Scope) -> Note:
    sides = expected.values if isinstance(expected, Members) else (expected,)
    if is_empty(actual) or (leaf.right is not None and any(not isinstance(v, Members) and is_empty(v) for v in sides)):
        return "unset"
    amounts = [value for value in (actual, *sides) if isinstance(value, Money)]
    mixed = len({amount.currency for amount in amounts}) > 1
    return "no_rate" if mixed and any(in_base(amount, scope.rates) is None for amount in amounts) else ""
