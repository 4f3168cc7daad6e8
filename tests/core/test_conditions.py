"""Conditions (spec 1.6): what they say, what they refuse, and that they hold still under hostile input."""

from __future__ import annotations

import json
import time
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.conditions import (
    ALWAYS,
    GroupTrace,
    InvalidConditionError,
    LeafTrace,
    Schema,
    Scope,
    compile_condition,
    condition_data,
    condition_json,
    condition_references,
    explain,
    load_condition,
    parse_condition,
)
from automation.scope import Reference
from automation.values import Money, Personal

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


# --- what comparisons say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, {}, [], {"all": []}, {"any": []}])
def test_an_empty_condition_always_holds(nothing: object) -> None:
    """The default of rules and triggers is always true (1.4, 1.5)."""
    assert holds(nothing) is True
    assert parse_condition(nothing, SCHEMA) == ALWAYS


@pytest.mark.parametrize(
    ("op", "verdicts"),
    [
        ("eq", [False, True, False]), ("ne", [True, False, True]), ("gt", [False, False, True]),
        ("gte", [False, True, True]), ("lt", [True, False, False]), ("lte", [True, True, False]),
    ],
)  # fmt: skip
def test_ordered_types_compare_below_at_and_above(op: str, verdicts: list[bool]) -> None:
    """Numbers, amounts, days and moments follow the same six operators."""
    rows: list[tuple[str, list[Any], Any]] = [
        ("amount_int", [1, 2, 3], 2),
        ("amount_float", [-0.5, 0.0, 1e300], 0),
        ("amount", [Money(m, "EUR") for m in (999_999, 1_000_000, 1_000_001)], EUR),
        ("due", ["2026-01-31", "2026-02-01", "2026-10-01"], "2026-02-01"),
        ("met", [NOON - 1, NOON, NOON + 1], "2026-03-28T13:00:00+01:00"),
    ]
    for name, values, literal in rows:
        assert [field(name, value, op, literal) for value in values] == verdicts, name


def test_texts_compare_as_they_are() -> None:
    """Equality, containment and membership distinguish capitals and do not trim."""
    assert field("title", "VIP deal", "contains", "VIP")
    assert not field("title", "vip deal", "contains", "VIP")
    assert field("title", "a", "in", ["a", "b"])
    assert field("title", "c", "not_in", ["a", "b"])
    assert not field("title", "a ", "eq", "a")


def test_a_multiple_field_contains_and_equals_as_a_set() -> None:
    """Several texts match by membership; one text equals a field that holds it alone."""
    assert field("tags", ("x", "y"), "contains", "x")
    assert field("tags", ("x", "y"), "not_contains", "z")
    assert field("tags", ("x", "y"), "in", ["y", "z"])
    assert field("tags", ("x", "y"), "eq", ["y", "x"])
    assert field("tags", ("x",), "eq", "x")
    assert not field("tags", ("x", "y"), "eq", "x")


def test_personal_values_compare_by_their_text() -> None:
    """The mark of a personal value is invisible to conditions."""
    assert field("email", Personal("a@b.c"), "eq", "a@b.c")
    assert field("email", Personal("a@b.c"), "contains", "@b")
    assert field("email", Personal("a@b.c"), "in", ["a@b.c"])
    assert field("email", Personal(""), "empty")
    assert holds(
        {"field": "title", "op": "eq", "value": {"field": "email"}}, fields={"title": "x", "email": Personal("x")}
    )


MATCHING = {"empty", "ne", "not_contains", "not_in"}


@pytest.mark.parametrize("unset", [..., None, "", Personal("")])
@pytest.mark.parametrize("op", ["eq", "ne", "contains", "not_contains", "in", "not_in", "empty", "not_empty"])
def test_an_unset_text_matches_only_the_operators_of_absence(op: str, unset: Any) -> None:
    """Spec 1.6: an unset field matches only empty, ne, not_contains, not_in."""
    operand = () if op.endswith("empty") else (["x"] if op.endswith("in") else "x",)
    assert field("title", unset, op, *operand) is (op in MATCHING)


@pytest.mark.parametrize("op", ["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "empty", "not_empty"])
def test_an_unset_amount_matches_only_the_operators_of_absence(op: str) -> None:
    """The same holds for every type, whatever stands on the right."""
    operand = () if op.endswith("empty") else ([EUR] if op.endswith("in") else EUR,)
    assert field("amount", None, op, *operand) is (op in MATCHING)


@pytest.mark.parametrize("op", ["eq", "ne", "gt", "lte", "in", "not_in"])
def test_an_unset_right_side_is_met_by_nothing(op: str) -> None:
    """Two unset sides are not equal, and nothing is above or below an unset one."""
    leaf = {"field": "amount_int", "op": op, "value": {"param": "n"}}
    assert holds(leaf, fields={"amount_int": 1}) is (op in MATCHING)
    assert holds(leaf) is (op in MATCHING)


@pytest.mark.parametrize("op", ["eq", "ne", "contains", "not_contains", "in", "not_in"])
@pytest.mark.parametrize("unset", ["", None, Personal("")])
def test_an_empty_text_on_the_right_is_unset_too(op: str, unset: Any) -> None:
    """A parameter left empty is contained in nothing."""
    leaf = {"field": "title", "op": op, "value": {"param": "p"}}
    assert holds(leaf, fields={"title": "x"}, params={"p": unset}) is (op in MATCHING)
    assert holds(leaf, fields={"title": ""}, params={"p": unset}) is (op in MATCHING)


def test_zero_and_false_are_not_unset() -> None:
    """Only what was never given is empty."""
    assert field("amount_int", 0, "not_empty")
    assert field("paid", False, "not_empty")
    assert field("paid", False, "eq", False)
    assert field("paid", None, "ne", False)


@pytest.mark.parametrize("wrong", [True, "2", (), ("2",), Money(2, "EUR"), Personal("2"), float("nan")])
def test_a_value_of_an_unexpected_type_meets_nothing_and_raises_nothing(wrong: Any) -> None:
    """A field whose type was changed may hold anything."""
    assert not any(field("amount_int", wrong, op, 2) for op in ("eq", "gt", "gte", "lt", "lte"))
    assert not field("due", 5, "lt", "2026-01-01")
    assert not field("title", 5, "contains", "5")
    assert not field("paid", 1, "eq", True)


# --- money ------------------------------------------------------------------------------------------------------

RATES = {"EUR": Fraction(1), "USD": Fraction("0.9"), "JPY": Fraction("0.006"), "BAD": Fraction(0)}


def test_money_compares_after_conversion_without_rounding() -> None:
    """1,000 yen at 0.006 are exactly 6 euros; one yen more is more."""
    six = {"minor": 600, "currency": "EUR"}
    assert field("amount", Money(1_000, "JPY"), "eq", six, rates=RATES)
    assert field("amount", Money(1_001, "JPY"), "gt", six, rates=RATES)
    assert field("amount", Money(667, "USD"), "gt", six, rates=RATES)
    assert field("amount", Money(666, "USD"), "lt", six, rates=RATES)


@pytest.mark.parametrize("op", ["eq", "ne", "gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("currency", ["CHF", "BAD"])
def test_without_a_rate_every_comparison_is_false(op: str, currency: str) -> None:
    """Spec 1.6: no rate: false. A rate that is not positive is none."""
    assert not field("amount", Money(1, currency), op, EUR, rates=RATES)


def test_one_currency_needs_no_rate() -> None:
    """The settings may hold no rates at all."""
    assert field("amount", Money(2_000_000, "CHF"), "gt", {"minor": 1, "currency": "CHF"})


def test_an_amount_is_in_a_list_of_amounts_of_several_currencies() -> None:
    """Members are compared one by one; one unknown rate leaves the others standing."""
    listed = [{"minor": 5, "currency": "CHF"}, {"minor": 600, "currency": "EUR"}]
    assert field("amount", Money(1_000, "JPY"), "in", listed, rates=RATES)
    assert not field("amount", Money(1_001, "JPY"), "in", listed, rates=RATES)
    assert not field("amount", Money(1_001, "JPY"), "not_in", listed, rates=RATES)
    assert field("amount", Money(1_001, "JPY"), "not_in", listed[1:], rates=RATES)


# --- operands ---------------------------------------------------------------------------------------------------


def test_every_kind_of_operand_is_read_from_its_place() -> None:
    """Fields, system fields, results, parameters, variables, constants, iterator and the fields of an invoice."""
    scope = {
        "fields": {"title": "x", "stage": "hidden by the system field"}, "system": {"stage": "won"},
        "results": {"link.payment_amount": Money(1, "EUR")}, "params": {"p": "x"}, "variables": {"v": "x"},
        "constants": {"limit": 1.5}, "related": {"invoice": {"amount": Money(1, "EUR")}}, "iterator": "x",
    }  # fmt: skip
    for left in ({"field": "title"}, {"param": "p"}, {"var": "v"}, {"iterator": "value"}):
        assert holds({**left, "op": "eq", "value": "x"}, **scope), left
    assert holds({"field": "stage", "op": "eq", "value": "won"}, **scope)
    assert holds({"const": "limit", "op": "gt", "value": 1}, **scope)
    assert holds({"result": "link.payment_amount", "op": "eq", "value": {"field": "invoice.amount"}}, **scope)


def test_triggers_compare_a_field_before_and_after_a_change() -> None:
    """Old and new exist for changed fields alone."""
    rose = {"new": "amount", "op": "gt", "value": {"old": "amount"}}
    change = {"old": {"amount": Money(1, "EUR")}, "new": {"amount": Money(2, "EUR")}}
    assert holds([{"changed": "amount"}, "AND", rose], **change)
    assert not holds({"changed": "title"}, **change)
    assert not holds(rose)


@pytest.mark.parametrize(
    ("days", "due", "verdict"), [(0, "2026-03-28", True), (-3, "2026-03-25", True), (-3, "2026-03-26", False)]
)
def test_a_day_compares_with_a_day_counted_from_now(days: int, due: str, verdict: bool) -> None:
    """Now is an argument; its day is that of the platform's time zone."""
    leaf = {"field": "due", "op": "eq", "value": {"relative": {"days": days, "from": "now"}}}
    assert holds(leaf, fields={"due": due}, now=NOON, zone=BERLIN) is verdict


def test_days_are_counted_on_the_calendar_and_hours_on_the_clock() -> None:
    """A day over the change to summer time has 23 hours."""
    tomorrow = {"field": "met", "op": "eq", "value": {"relative": {"days": 1}}}
    assert holds(tomorrow, fields={"met": NOON + DAY - 3_600_000}, now=NOON, zone=BERLIN)
    hours = {"field": "met", "op": "eq", "value": {"relative": {"hours": 24}}}
    assert holds(hours, fields={"met": NOON + DAY}, now=NOON, zone=BERLIN)


def test_hours_from_a_day_count_from_its_beginning() -> None:
    """One hour before the 29th is the 28th, 23:00 in Berlin."""
    before = {"relative": {"hours": -1, "from": "due"}}
    fields = {"due": "2026-03-29", "met": 1_774_735_200_000}
    assert holds({"field": "met", "op": "eq", "value": before}, fields=fields, zone=BERLIN)
    assert holds(
        {"param": "day", "op": "eq", "value": before}, fields=fields, params={"day": "2026-03-28"}, zone=BERLIN
    )


def test_days_and_moments_compare_in_the_platforms_zone() -> None:
    """The right side takes the type of the left; a day is the moment it begins."""
    late = 1_774_738_800_000  # 2026-03-28T23:00:00Z is the 29th in Berlin
    assert holds(
        {"field": "due", "op": "eq", "value": {"field": "met"}}, fields={"due": "2026-03-29", "met": late}, zone=BERLIN
    )
    assert holds(
        {"field": "met", "op": "eq", "value": {"param": "day"}},
        fields={"met": late},
        params={"day": "2026-03-29"},
        zone=BERLIN,
    )
    relative = {"relative": {"days": -1, "from": {"field": "due"}}}
    assert holds({"field": "met", "op": "lt", "value": relative}, fields={"met": 0, "due": "2026-03-29"})


@pytest.mark.parametrize("start", ["9999-12-31", "not a day", "", None, True])
def test_a_day_beyond_the_calendar_is_unset(start: Any) -> None:
    """9999-12-31 plus one day compares with nothing."""
    leaf = {"field": "due", "op": "lt", "value": {"relative": {"days": 1, "from": "day"}}}
    schema = Schema(fields={"due": "date", "day": "date"})
    scope = Scope(fields={"due": "2026-01-01", "day": start})
    assert compile_condition(parse_condition(leaf, schema))(scope) is False


def test_a_moment_beyond_the_calendar_is_unset() -> None:
    """Moments have no limit of their own."""
    leaf = {"field": "due", "op": "lt", "value": {"field": "met"}}
    assert not holds(leaf, fields={"due": "2026-01-01", "met": 10**18})


def test_yaml_dates_are_literals_too() -> None:
    """A YAML reader turns 2026-02-01 into a date by itself."""
    assert field("due", "2026-02-01", "eq", date(2026, 2, 1))


# --- groups -----------------------------------------------------------------------------------------------------


@given(st.data())
def test_and_binds_tighter_than_or_as_in_python(data: st.DataObject) -> None:
    """A flat list says what the same words say in Python."""
    values = data.draw(st.lists(st.booleans(), min_size=1, max_size=8))
    words = data.draw(st.lists(st.sampled_from(["AND", "OR"]), min_size=len(values) - 1, max_size=len(values) - 1))
    flat: list[Any] = []
    text = ""
    for value, word in zip(values, [*words, ""], strict=True):
        flat += [{"field": "a" if value else "b", "op": "eq", "value": True}] + ([word] if word else [])
        text += f"{value} {word.lower()} "
    python = any(all(v == "True" for v in run.split(" and ")) for run in text.strip().split(" or "))
    assert holds(flat, fields={"a": True, "b": False}) is python


LEAF = st.builds(
    lambda name, op, value: {"field": name, "op": op} | ({} if op.endswith("empty") else {"value": value}),
    st.sampled_from("abcd"), st.sampled_from(["eq", "ne", "empty", "not_empty"]), st.booleans(),
)  # fmt: skip
TREE = st.recursive(
    LEAF,
    lambda parts: st.lists(parts, min_size=1, max_size=4).flatmap(
        lambda made: st.sampled_from(
            [{"all": made}, {"any": made}, [made[0], *(x for part in made[1:] for x in ("OR", part))]]
        )
    ),
    max_leaves=12,
)


@given(TREE, st.dictionaries(st.sampled_from("abcd"), st.sampled_from([True, False, None])))
def test_explaining_reaches_the_verdict_of_running(tree: object, fields: dict[str, Any]) -> None:
    """`holds` compares both; the trace's groups agree with their parts."""
    holds(tree, fields=fields)
    trace = explain(parse_condition(tree, SCHEMA), Scope(fields=fields))
    if isinstance(trace, GroupTrace):
        judge = all if trace.mode == "all" else any
        assert trace.verdict is judge(part.verdict for part in trace.parts)


@given(TREE)
def test_what_is_stored_reads_back_as_the_same_condition(tree: object) -> None:
    """The stored form is stable."""
    condition = parse_condition(tree, SCHEMA)
    assert parse_condition(condition_data(condition), SCHEMA) == condition
    assert load_condition(condition_json(condition), SCHEMA) == condition


def test_every_operand_reads_back() -> None:
    """Amounts, lists, relative times and references keep their form."""
    tree = [
        {"field": "amount", "op": "in", "value": [EUR, {"minor": 1, "currency": "USD"}]}, "OR",
        {"field": "due", "op": "lt", "value": {"relative": {"days": -1, "hours": 2, "from": "met"}}}, "AND",
        {"old": "title", "op": "eq", "value": {"param": "p"}}, "AND", {"changed": "title"}, "AND",
        {"field": "tags", "op": "ne", "value": ["x", "y"]},
    ]  # fmt: skip
    condition = parse_condition(tree, SCHEMA)
    assert load_condition(condition_json(condition), SCHEMA) == condition
    assert condition_references(condition) == {
        Reference("field", "amount"), Reference("field", "due"), Reference("field", "met"), Reference("old", "title"),
        Reference("param", "p"), Reference("new", "title"), Reference("field", "tags"),
    }  # fmt: skip


def test_explaining_shows_each_leaf_with_its_values_and_the_reason() -> None:
    """Why did this not fire: what was compared, and whether a value or a rate was missing."""
    condition = parse_condition(
        {"all": [{"field": "title", "op": "eq", "value": "x"}, {"field": "amount", "op": "gt", "value": EUR}]}, SCHEMA
    )
    trace = explain(condition, Scope(fields={"amount": Money(1, "CHF")}))
    assert trace == GroupTrace(
        "all",
        (
            LeafTrace(Reference("field", "title"), "eq", None, "x", False, "unset"),
            LeafTrace(Reference("field", "amount"), "gt", Money(1, "CHF"), Money(1_000_000, "EUR"), False, "no_rate"),
        ),
        False,
    )


# --- what is refused --------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("text", ["[" * 5_000 + "]" * 5_000, OPEN * 4_000 + CLOSE * 4_000, "9" * 5_000, " " * 300_000])
def test_a_huge_json_text_is_refused_at_once(text: str) -> None:
    """Depth, digits and size are limited before anything is walked."""
    began = time.perf_counter()
    with pytest.raises(InvalidConditionError):
        load_condition(text, SCHEMA)
    assert time.perf_counter() - began < 0.05


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
    began = time.perf_counter()
    assert any("more than 1000" in message for _, message in refusals(bomb))
    assert time.perf_counter() - began < 1


def test_a_list_of_ten_thousand_members_is_looked_up() -> None:
    """The cost does not grow with the list."""
    members = [f"id-{n}" for n in range(10_000)]
    check = compile_condition(parse_condition({"field": "title", "op": "in", "value": members}, SCHEMA))
    scope = Scope(fields={"title": "absent"})
    began = time.perf_counter()
    assert not any(check(scope) for _ in range(1_000))
    assert time.perf_counter() - began < 0.05
    assert "1 to 10000" in refusals({"field": "title", "op": "in", "value": [*members, "x"]})[0][1]


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
