"""Conditions (spec 1.6): what saving refuses, and that they hold still under hostile input."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.conditions import (
    ALWAYS,
    InvalidConditionError,
    Scope,
    compile_condition,
    load_condition,
    parse_condition,
)
from automation.conditions.model import Comparison, Members
from tests.core.condition_kit import SCHEMA, field, fixture, holds, refusals


@pytest.mark.parametrize("case", fixture("refused.json")["inputs"], ids=lambda case: case["name"])
def test_a_broken_condition_is_refused_when_saved_with_its_path(case: dict[str, Any]) -> None:
    """Everything of tests/fixtures/conditions/refused.json (reliability C3)."""
    found = refusals(case["data"])
    assert any(path == case["path"] and case["message"] in message for path, message in found), found


@pytest.mark.parametrize("text", fixture("expressions.json")["inputs"])
def test_an_expression_of_a_host_language_is_an_unknown_name_or_plain_text(text: str) -> None:
    """No input is ever code: as a name it is refused, as a value it equals itself (reliability C3)."""
    assert refusals({"field": text, "op": "empty"})[0][0] == "$.field"
    assert refusals({"field": "title", "op": text, "value": "x"})[0][0] == "$.op"
    assert refusals(text)[0][0] == "$"
    assert field("title", text, "eq", text)
    assert not field("title", "x", "eq", text)


@pytest.mark.parametrize("case", fixture("json_texts.json")["inputs"], ids=lambda case: case["text"][:30])
def test_a_broken_json_text_is_refused(case: dict[str, str]) -> None:
    """Constants that are no numbers, repeated keys, marks of byte order."""
    with pytest.raises(InvalidConditionError) as caught:
        load_condition(case["text"], SCHEMA)
    assert case["message"] in str(caught.value)


def test_all_errors_are_reported_at_once() -> None:
    """Whoever saves a condition corrects it in one go."""
    found = refusals({"all": [{"field": "x", "op": "eq"}, {"field": "title", "op": "gt", "value": 1, "z": 1}]})
    assert [path for path, _ in found] == ["$.all[0].field", "$.all[1]", "$.all[1].op"]


OPEN, CLOSE = '{"all":[', "]}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 5_000 + "]" * 5_000, "nested"), (OPEN * 4_000 + CLOSE * 4_000, "nested"),
        ("9" * 5_000, "not JSON"), (" " * 300_000, "expected at most"),
    ],
    ids=["lists", "groups", "digits", "blanks"],
)  # fmt: skip
def test_a_huge_json_text_is_refused_as_a_whole(text: str, reason: str) -> None:
    """Depth, digits and size are limited before anything is walked."""
    with pytest.raises(InvalidConditionError) as caught:
        load_condition(text, SCHEMA)
    ((_, message),) = caught.value.errors
    assert reason in message


def _nested(levels: int) -> Any:
    data: Any = {"field": "a", "op": "empty"}
    for _ in range(levels - 1):
        data = {"all": [data]}
    return data


def test_nesting_ends_at_32_levels() -> None:
    """32 are taken, 33 are refused, a structure that contains itself too."""
    assert holds(_nested(32)) is True
    assert "nested deeper than 32" in refusals(_nested(33))[0][1]
    circle: list[Any] = []
    circle.append(circle)
    assert "nested deeper" in refusals(circle)[0][1]


def test_a_condition_ends_at_a_thousand_comparisons() -> None:
    """Shared YAML nodes count as often as they are met, so that aliases cannot multiply work."""
    leaf = {"field": "a", "op": "empty"}
    assert holds({"all": [leaf] * 1_000}) is True
    assert "more than 1000" in refusals({"all": [leaf] * 1_001})[0][1]
    bomb: Any = leaf
    for _ in range(20):
        bomb = {"all": [bomb] * 10}
    assert any("more than 1000" in message for _, message in refusals(bomb))


def test_a_list_of_ten_thousand_members_is_looked_up() -> None:
    """It is kept as a set: the cost does not grow with the list."""
    members = [f"id-{n}" for n in range(10_000)]
    listed = {"field": "title", "op": "in", "value": members}
    leaf = parse_condition(listed, SCHEMA).root
    assert isinstance(leaf, Comparison)
    assert isinstance(leaf.right, Members)
    assert leaf.right.lookup == frozenset(members)
    assert [field("title", title, "in", members) for title in ("id-9999", "absent")] == [True, False]
    assert "1 to 10000" in refusals({**listed, "value": [*members, "x"]})[0][1]


def test_a_text_of_a_megabyte_is_refused_as_literal_and_searched_as_value() -> None:
    """Literals end at 10,000 characters; values are as long as they are."""
    long = "a" * 1_000_000
    assert refusals({"field": "title", "op": "eq", "value": long})[0][1].startswith("expected a text of at most")
    assert field("title", long + "b", "contains", "ab")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.datetimes()
    | st.sampled_from(["AND", "OR", "title", "amount", "eq", "in", "now"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(
        st.sampled_from(["all", "any", "field", "old", "changed", "op", "value", "relative", "minor", "currency"])
        | st.integers() | st.none() | st.text(), inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JUNK)
def test_parsing_raises_nothing_but_its_own_error(junk: object) -> None:
    """Whatever people or wires write, saving answers with paths and messages or a condition that runs."""
    errors: tuple[Any, ...] = ()
    condition = ALWAYS
    try:
        condition = parse_condition(junk, SCHEMA)
    except InvalidConditionError as refused:
        errors = refused.errors or (("", "refused without a reason"),)

    assert all(path.startswith("$") and message for path, message in errors)
    assert compile_condition(condition)(Scope(fields={})) in (True, False)


@given(
    st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in"]),
    st.integers(-3, 3) | st.none(),
    st.integers(-3, 3),
)
def test_a_literal_and_a_parameter_of_the_same_value_say_the_same(op: str, left: int | None, right: int) -> None:
    """The two ways of the compiler agree."""
    literal = {"field": "amount_int", "op": op, "value": [right] if op.endswith("in") else right}
    named = {"field": "amount_int", "op": op, "value": {"param": "n"}}
    fields = {"amount_int": left}
    assert holds(literal, fields=fields) is holds(named, fields=fields, params={"n": right})
