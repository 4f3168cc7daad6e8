"""Conditions as they are stored: JSON text, and back."""

from __future__ import annotations

import json
from typing import Any

from automation.conditions.model import (
    MAX_JSON,
    Changed,
    Comparison,
    Condition,
    ConditionError,
    Constant,
    InvalidConditionError,
    Members,
    Node,
    Operand,
    Relative,
    Right,
)
from automation.conditions.parse import parse_condition
from automation.scope import Schema
from automation.values import Money, Value


def load_condition(text: str, schema: Schema) -> Condition:
    """Return the condition that JSON text stands for; raises `InvalidConditionError` alone, for broken JSON too."""
    if len(text) > MAX_JSON:
        raise InvalidConditionError((ConditionError("$", f"expected at most {MAX_JSON} characters"),))
    try:
        data = json.loads(text, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise InvalidConditionError((ConditionError("$", f"not JSON: {reason}"),)) from None
    return parse_condition(data, schema)


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def condition_data(condition: Condition) -> dict[str, Any]:
    """Return the condition as JSON data: `parse_condition` of them gives the same condition."""
    return _node(condition.root)


def condition_json(condition: Condition) -> str:
    """Return the condition as JSON text, always the same for equal conditions."""
    return json.dumps(_node(condition.root), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _node(node: Node) -> dict[str, Any]:
    if isinstance(node, Changed):
        return {"changed": node.code}
    if not isinstance(node, Comparison):
        return {node.mode: [_node(part) for part in node.parts]} if node.parts else {}
    data: dict[str, Any] = {**_operand(node.left), "op": node.op}
    return data if node.right is None else {**data, "value": _right(node.right)}


def _operand(operand: Operand) -> dict[str, Any]:
    return {operand.reference.kind: operand.reference.name}


def _right(right: Right) -> Any:
    match right:
        case Operand():
            return _operand(right)
        case Constant(value):
            return _value(value)
        case Members(values):
            return [_value(value) for value in values]
        case Relative(days, minutes, base):
            return {"relative": {"days": days, "minutes": minutes, "from": _operand(base) if base else "now"}}


def _value(value: Value) -> Any:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    return list(value) if isinstance(value, tuple) else value
