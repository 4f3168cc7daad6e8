"""The names that conditions of tests may use, and what they say, refuse and read from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from automation.conditions import InvalidConditionError, Schema, Scope, compile_condition, explain, parse_condition

FIXTURES = Path(__file__).parents[1] / "fixtures" / "conditions"
SCHEMA = Schema(
    fields={
        "title": "string", "email": "string", "amount": "money", "amount_int": "int", "amount_float": "number",
        "paid": "bool", "due": "date", "met": "datetime", "tags": "list", "owner": "user",
        "a": "bool", "b": "bool", "c": "bool", "d": "bool",
    },
    params={"p": "string", "n": "int", "money": "money", "day": "date"},
    variables={"v": "string"},
    constants={"limit": "number"},
    results={"link.payment_amount": "money"},
    related={"invoice": {"amount": "money"}},
    iterator="string",
    changes=True,
)  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400_000
NOON = 1_774_699_200_000  # 2026-03-28T12:00:00Z, 13:00 in Berlin, a day before the clocks change
EUR = {"minor": 1_000_000, "currency": "EUR"}


def holds(data: object, **values: Any) -> bool:
    """Given the values, say whether the condition holds; every verdict is cross-checked with `explain`."""
    scope = Scope(**({"fields": {}} | values))
    condition = parse_condition(data, SCHEMA)
    verdict = compile_condition(condition)(scope)
    assert explain(condition, scope).verdict is verdict
    return verdict


def field(name: str, value: Any, op: str, *operand: Any, **scope: Any) -> bool:
    """Given one field, say whether the comparison holds."""
    leaf = {"field": name, "op": op} | ({"value": operand[0]} if operand else {})
    return holds(leaf, fields={} if value is ... else {name: value}, **scope)


def refusals(data: object) -> list[tuple[str, str]]:
    """Return the errors that saving the condition gives."""
    with pytest.raises(InvalidConditionError) as caught:
        parse_condition(data, SCHEMA)
    return list(caught.value.errors)


def fixture(name: str) -> Any:
    """Read a file of inputs."""
    return json.loads((FIXTURES / name).read_text())
