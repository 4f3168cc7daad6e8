"""Conditions (spec 1.6): what comparisons, groups and operands say, and how that is explained."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.conditions import (
    ALWAYS,
    GroupTrace,
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
from tests.core.condition_kit import BERLIN, DAY, EUR, NOON, SCHEMA, field, holds

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
