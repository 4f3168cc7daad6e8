"""What the operators say of two values; an unset value meets none of them (spec 1.6).

Every function takes the left value, the right one and the scope, and returns `None` where an exchange rate is missing.
Values of an unexpected type meet nothing either: a comparison never raises.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from automation.conditions.model import FAMILIES, Members, Op
from automation.money import compare
from automation.scope import Scope
from automation.values import FieldType, Money, Personal, is_empty

Test: TypeAlias = Callable[[Any, Any, Scope], bool | None]

_ORDER: Mapping[Op, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip
_NUMBERS = frozenset({int, float})


def find_test(op: Op, type_: FieldType) -> Test:
    """Return the test of a positive operator for a left value of the type."""
    if op == "empty":
        return _empty
    match FAMILIES[type_]:
        case "text":
            return {"eq": _text_eq, "contains": _text_contains, "in": _text_in}[op]
        case "money":
            return _money_in if op == "in" else _money_order(_ORDER[op])
        case "bool":
            return _bool_eq
        case _:
            classes = _NUMBERS if FAMILIES[type_] == "number" else frozenset({str if type_ == "date" else int})
            return _plain_in(classes) if op == "in" else _plain_order(_ORDER[op], classes)


def _empty(left: Any, _right: Any, _scope: Scope) -> bool:
    return is_empty(left)


def _bool_eq(left: Any, right: Any, _scope: Scope) -> bool:
    return left is right and left.__class__ is bool


def _plain_order(holds: Callable[[Any, Any], bool], classes: frozenset[type]) -> Test:
    def test(left: Any, right: Any, _scope: Scope) -> bool:
        return left.__class__ in classes and right.__class__ in classes and holds(left, right)

    return test


def _plain_in(classes: frozenset[type]) -> Test:
    def test(left: Any, right: Any, _scope: Scope) -> bool:
        if left.__class__ not in classes:
            return False
        return left in right.lookup if right.__class__ is Members else right.__class__ in classes and left == right

    return test


# --- money -----------------------------------------------------------------------------------------------------


def _money_order(holds: Callable[[Any, Any], bool]) -> Test:
    def test(left: Any, right: Any, scope: Scope) -> bool | None:
        if left.__class__ is not Money or right.__class__ is not Money:
            return False
        if left.currency == right.currency:
            return holds(left.minor, right.minor)
        order = compare(left, right, scope.rates)
        return None if order is None else holds(order, 0)

    return test


def _money_in(left: Any, right: Any, scope: Scope) -> bool | None:
    if left.__class__ is not Money:
        return False
    if right.__class__ is not Members:
        return _money_eq(left, right, scope)
    if left in right.lookup:
        return True
    others = [member for member in right.values if isinstance(member, Money) and member.currency != left.currency]
    orders = [compare(left, member, scope.rates) for member in others]
    return True if 0 in orders else (None if None in orders else False)


_money_eq = _money_order(operator.eq)


# --- texts: one, or several in a multiple field ----------------------------------------------------------------


def _texts(value: Any) -> tuple[str, ...]:
    """Return what a text or multiple field holds, without personal marks; nothing for an unset one."""
    if value.__class__ is Personal:
        value = value.text
    if value.__class__ is str:
        return (value,) if value else ()
    return value if value.__class__ is tuple else ()


def _text_eq(left: Any, right: Any, _scope: Scope) -> bool:
    if left.__class__ is str and right.__class__ is str:
        return left == right != ""
    a, b = _texts(left), _texts(right)
    return bool(a) and (a == b or set(a) == set(b))


def _text_contains(left: Any, right: Any, _scope: Scope) -> bool:
    if left.__class__ is Personal:
        left = left.text
    if left.__class__ is str and right.__class__ is str:
        return right in left and right != ""
    wanted = _texts(right)
    if not wanted or left.__class__ not in (str, tuple):
        return False
    return all(text in left for text in wanted)


def _text_in(left: Any, right: Any, _scope: Scope) -> bool:
    known: Iterable[Any] = right.lookup if right.__class__ is Members else _texts(right)
    if left.__class__ is str:
        return left in known  # neither side of `in` holds empty texts
    return any(text in known for text in _texts(left))
