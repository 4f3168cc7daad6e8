"""Tests of definitions: what each step does, what each expectation compares, and how a failure reads."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from automation.definitions import models as m
from automation.scenarios.judge import judge
from automation.scenarios.model import Scenario
from automation.scenarios.play import book_of
from services.cli.definitions.commands.test import difference
from tests.core.definitions.test_validation import ids
from tests.core.spec import CATALOGUE, PEOPLE, pipeline, rule, trigger

NOTE = rule("note", "add_item_comment", "invoice_sent", {"text": "Worth {{field:amount}}"})
LINK = rule("link", "create_payment_link", "invoice_sent", {}, order=-1)
LATE = rule("late", "add_item_comment", "invoice_sent", {"text": "late"}, order=9, delay=60_000)
FIRST = rule("first", "add_item_comment", "new", {"text": "hello"})
PAID = trigger("paid", "track_order_payment", "assembly")
INVOICE = trigger("invoice", "track_invoice_payment", "won", condition={"field": "invoice.title", "op": "not_empty"})
SAVE = {"save": {"stage": "invoice_sent"}}
ANSWER = {"answer": {"rule": "link", "results": {"payment_link": "https://pay.test"}}}


def verdict(*made: m.Definition, when: list[Any], then: dict[str, Any], **item: Any) -> Any:
    """Return the verdict on one scenario of a deal."""
    found = {name: one for name, one in ids(pipeline(), *PEOPLE, *made).items() if one}
    given = {"item_type": "deal", "responsible": "ann", "fields": {"amount": {"minor": 500, "currency": "EUR"}}, **item}
    scenario = Scenario.model_validate({"name": "s", "item": given, "when": when, "then": then})
    return judge(book_of(CATALOGUE, found), scenario)


def wrong(*made: m.Definition, when: list[Any], then: dict[str, Any], **item: Any) -> dict[str, Any]:
    """Return what came where the scenario did not pass."""
    found = verdict(*made, when=when, then=then, **item)
    assert not found.passed
    return dict(found.actual)


PASSING: list[tuple[list[m.Definition], list[Any], dict[str, Any]]] = [
    ([NOTE], [SAVE], {"stage": "invoice_sent", "outcomes": {"rule/note": "completed"}, "comments": ["Worth 5.00 EUR"]}),
    ([FIRST], [{"create": {}}], {"outcomes": {"rule/first": "completed"}, "pipeline": "main"}),
    ([FIRST], [{"save": {"fields": {"title": "x"}}}], {"outcomes": {"rule/first": "none"}, "fields": {"title": "x"}}),
    ([LATE], [SAVE], {"outcomes": {"rule/late": "waiting"}}),
    ([LATE], [SAVE, {"wait": "1m"}], {"outcomes": {"rule/late": "completed"}}),
    ([LATE], [SAVE, {"wait": "59s"}], {"outcomes": {"rule/late": "waiting"}}),
    ([LATE], [SAVE, {"save": {"stage": "won"}}], {"outcomes": {"rule/late": "cancelled(stage_left)"}}),
    ([LINK], [SAVE], {"outcomes": {"rule/link": "running"}, "effects": [{"type": "payment"}]}),
    ([LINK, NOTE], [SAVE, ANSWER], {"outcomes": {"rule/link": "completed", "rule/note": "completed"}}),
    (
        [LINK],
        [SAVE, {"answer": {"rule": "link", "status": "failed", "reason": "order_not_found"}}],
        {"outcomes": {"rule/link": "failed(order_not_found)"}},
    ),
    ([PAID], [{"payment": {}}], {"stage": "assembly", "outcomes": {"trigger/paid": "moved"}}),
    (
        [PAID],
        [{"save": {"stage": "won"}}, {"payment": {}}],
        {"stage": "won", "outcomes": {"trigger/paid": "skipped(previous_stage_not_allowed)"}},
    ),
    ([INVOICE], [{"invoice_paid": {"fields": {"title": "R1"}}}], {"stage": "won"}),
    ([NOTE], [{"comment": "hello"}, {"activity": {"kind": "call"}}], {"comments": ["hello"], "effects": []}),
    ([], [{"save": {"responsible": "boss"}}], {"responsible": "boss"}),
    ([LATE], [SAVE, {"delete": True}], {"outcomes": {"rule/late": "cancelled(item_deleted)"}}),
    ([], [{"save": {"fields": {"email_work": "a@b.test"}}}], {"fields": {"email_work": "a@b.test", "title": None}}),
]


@pytest.mark.parametrize(("made", "when", "then"), PASSING)
def test_steps_and_expectations(made: list[m.Definition], when: list[Any], then: dict[str, Any]) -> None:
    """Every step and every kind of outcome, played by the engine itself."""
    found = verdict(*made, when=when, then=then)
    assert found.passed, found.actual


def test_what_came_is_told_in_the_shape_of_what_was_expected() -> None:
    """So that the difference is short."""
    came = wrong(NOTE, when=[SAVE], then={"stage": "won", "outcomes": {"rule/note": "none"}, "comments": []})
    assert came == {"stage": "invoice_sent", "outcomes": {"rule/note": "completed"}, "comments": ["Worth 5.00 EUR"]}


def test_a_call_that_nobody_expected_is_told_with_what_it_says() -> None:
    """Calls are compared as a whole list: one too many fails."""
    came = wrong(LINK, when=[SAVE], then={"effects": []})
    assert (came["effects"][0]["type"], came["effects"][0]["amount"]) == ("payment", {"minor": 500, "currency": "EUR"})


def test_a_call_that_was_not_made_is_missed() -> None:
    """One too few fails as well."""
    assert wrong(NOTE, when=[SAVE], then={"effects": [{"type": "notification"}]}) == {"effects": []}


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"save": {"stage": "moon"}}, "when[0].save: unknown_stage"),
        ({"save": {"fields": {"moon": 1}}}, "when[0].save: unknown_field"),
        ({"answer": {"rule": "note"}}, "when[0].answer: nothing_to_answer"),
        ({"payment": {"amount": {"minor": 5}}}, "when[0].payment: invalid_value"),
    ],
)
def test_a_step_that_is_refused_fails_the_test_and_says_why(step: dict[str, Any], code: str) -> None:
    """Rather than passing because nothing came of it."""
    assert wrong(NOTE, when=[step], then={"stage": "new"})["refused"].startswith(code)


def test_a_given_item_that_cannot_be_fails_the_test() -> None:
    """An unknown field of the item is told."""
    assert "unknown_field" in wrong(when=[SAVE], then={}, fields={"moon": 1})["refused"]


def test_a_failure_reads_as_a_difference() -> None:
    """Only what differs is marked."""
    found = verdict(NOTE, when=[SAVE], then={"stage": "won", "outcomes": {"rule/note": "completed"}})
    marked = [line for line in difference(found) if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert marked == ["-stage: won", "+stage: invoice_sent"]


@pytest.mark.parametrize(
    "when", [[], [{}], [{"save": {}, "comment": "x"}], [{"fly": {}}], [{"comment": "x"}, {"create": {}}], [{"wait": 0}]]
)
def test_a_test_that_is_written_wrongly_is_refused(when: list[Any]) -> None:
    """It is an error of its file."""
    with pytest.raises(ValidationError):
        Scenario.model_validate({"name": "s", "item": {"item_type": "deal"}, "when": when, "then": {}})
