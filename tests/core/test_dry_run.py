"""Dry runs: what a rule would do and why, by the very path of a decision, and nothing is performed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.definitions import models as m
from automation.definitions.compiled import compile_rule
from automation.dry_run import DryRun, dry_run
from automation.errors import ChangeRefusedError
from automation.given import Given, state_of
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.shown import MASK, Shower, secrets_of
from automation.values import Money, Personal
from tests.core.items.test_enrolling import enrol, waiting
from tests.core.spec import TENANT, Story, deal, put, rule

BIG = {"field": "amount", "op": "gt", "value": {"minor": 1_000_000, "currency": "EUR"}}
NOTE = rule(
    "note", "add_item_comment", "invoice_sent", {"text": "For {{field:title}}: {{field:amount}}"}, condition=BIG
)
MAIL = rule(
    "mail", "send_client_email", "invoice_sent", {"subject": "Hi {{field:name}}", "text": "{{field:email_work}}"}
)
EUR_20K = Money(2_000_000, "EUR")


def tried(story: Story, made: m.Rule) -> DryRun:
    """Dry-run a rule that is not saved."""
    view = story.book.tenant(TENANT)
    assert view is not None
    return dry_run(view, story.state, compile_rule(made, 1, view), story.now)


def test_a_rule_that_would_do_its_work_shows_all_of_it() -> None:
    """Parameters with their values, the changes of the item, the verdict of each leaf; the item stays as it was."""
    story = deal(stage="invoice_sent", amount=EUR_20K)
    before = story.state
    found = tried(story, NOTE)
    assert (found.outcome, found.reason, found.effects) == ("completed", "", ())
    assert found.params["text"] == "For Desk: 20000.00 EUR"
    (comment,) = found.events
    assert comment.text.text == "For Desk: 20000.00 EUR"
    assert found.condition.verdict
    assert story.state is before


def test_a_condition_that_does_not_hold_is_shown_with_the_values_it_met() -> None:
    """Each leaf, and the parameters that the rule would have had."""
    found = tried(deal(stage="invoice_sent", amount=Money(5, "EUR")), NOTE)
    assert (found.outcome, found.reason, found.events) == ("skipped", "condition_not_met", ())
    shown = Shower().trace(found.condition)
    assert shown == {
        "reads": "field:amount", "op": "gt", "actual": {"minor": 5, "currency": "EUR"},
        "expected": {"minor": 1_000_000, "currency": "EUR"}, "holds": False, "note": "",
    }  # fmt: skip
    assert found.params["text"] == "For Desk: 0.05 EUR"


@given(st.integers(0, 2_000_000), st.sampled_from(["EUR", "USD", ""]))
def test_the_explanation_and_the_decision_never_differ(minor: int, currency: str) -> None:
    """A rule is skipped for its condition just where the tree of leaves does not hold, and a decision does the same."""
    fields: dict[str, Any] = {"amount": Money(minor, currency)} if currency else {}
    story = waiting(NOTE, **fields)
    found = tried(story, NOTE)
    enrol(story)
    assert (found.reason == "condition_not_met") is not found.condition.verdict
    assert (found.outcome == "completed") is any(isinstance(event, e.RuleRunCompleted) for event in story.events)


@pytest.mark.parametrize(
    "made",
    [
        NOTE,
        rule("link", "create_payment_link", "invoice_sent", {}),
        rule("tell", "add_notification", "invoice_sent", {"text": "x", "recipients": ["department:sales"]}),
        rule("edit", "edit_item", "invoice_sent", {"fields": [{"field": "title", "value": "{{field:amount}}"}]}),
    ],
    ids=lambda made: made.id,
)
def test_a_preview_is_what_then_happens(made: m.Rule) -> None:
    """The events and calls of the dry run are those of the enrolment, to the last field."""
    story = waiting(made, amount=EUR_20K)
    found = tried(story, made)
    enrol(story, made.id)
    ends = (e.RuleEnrolled, e.RuleRunCompleted, e.RuleRunStarted)
    assert [*found.events, *found.effects] == [event for event in story.events if not isinstance(event, ends)]
    assert found.events or found.effects


def test_a_rule_that_calls_out_shows_its_calls() -> None:
    """What it asks for after their answers cannot be known."""
    found = tried(deal(stage="invoice_sent", amount=EUR_20K), rule("link", "create_payment_link", "invoice_sent", {}))
    assert (found.outcome, [type(one) for one in found.effects]) == ("running", [effects.PaymentRequested])


def test_a_delay_is_shown_with_the_work_that_comes_after_it() -> None:
    """The rule is judged as of now."""
    story = deal(stage="invoice_sent", amount=EUR_20K)
    found = tried(story, NOTE.model_copy(update={"delay": 60_000}))
    assert (found.outcome, found.due) == ("completed", story.now + 60_000)


def test_a_rule_that_no_longer_fits_the_fields_fails_as_it_would() -> None:
    """The code is that of its runs."""
    found = tried(deal(), rule("r", "add_item_comment", "new", {"text": "{{field:gone}}"}))
    assert (found.outcome, found.reason, found.params) == ("failed", "invalid_value:text", {})


def test_it_says_why_an_enrolment_would_run_nothing() -> None:
    """A saved rule that has run already in this stage entry."""
    story = enrol(waiting(NOTE, amount=EUR_20K))
    view = story.book.tenant(TENANT)
    compiled = view.rule_version("note", 1) if view else None
    assert view is not None
    assert compiled is not None
    assert dry_run(view, story.state, compiled, story.now).refusal == "already_run"
    assert tried(waiting(NOTE), NOTE).refusal == ""


def test_a_draft_can_be_tried_by_its_version() -> None:
    """Before it is activated."""
    story = deal(NOTE, stage="invoice_sent", amount=EUR_20K)
    put(story.book, NOTE.model_copy(update={"status": "draft", "params": {"text": "new"}}))
    view = story.book.tenant(TENANT)
    compiled = view.rule_version("note", 2) if view else None
    assert view is not None
    assert compiled is not None
    assert dry_run(view, story.state, compiled, story.now).params["text"] == "new"


# --- what people may see ---------------------------------------------------------------------------------------


def mailed() -> tuple[Story, DryRun]:
    """Return a dry run that reads a name and an address."""
    story = deal(stage="invoice_sent", name="Clara Client", email_work="clara@home.test")
    return story, tried(story, MAIL)


def test_personal_values_are_masked() -> None:
    """In parameters, calls and conditions, also where they stand inside other texts."""
    story, found = mailed()
    shown = str(Shower(secrets_of(story.state)).dry_run(found))
    assert "Clara" not in shown
    assert "clara@home" not in shown
    assert MASK in shown


def test_personal_values_are_shown_to_who_may_see_them() -> None:
    """The mask is a choice of the caller."""
    shown = Shower().dry_run(mailed()[1])
    assert shown["params"]["subject"] == "Hi Clara Client"
    assert shown["effects"][0]["to"] == "clara@home.test"


def test_a_leaf_masks_what_it_met() -> None:
    """The field is named, its value is not."""
    story = deal(name="Clara Client")
    found = tried(story, NOTE.model_copy(update={"condition": {"field": "name", "op": "eq", "value": "Clara Client"}}))
    leaf = Shower(secrets_of(story.state)).trace(found.condition)
    assert (leaf["actual"], leaf["expected"], leaf["holds"]) == (MASK, MASK, True)


def test_short_personal_texts_do_not_mask_everything() -> None:
    """A text of two letters stands in half of all others."""
    assert Shower(["ab"]).plain(["table", Personal("ab")]) == ["table", MASK]


# --- items that somebody describes -----------------------------------------------------------------------------


def test_an_item_can_be_described() -> None:
    """Its state is that of a new item in that stage, with results as given; no rule has run."""
    story = deal()
    view = story.book.tenant(TENANT)
    assert view is not None
    described = Given(
        item_type="deal", stage="invoice_sent", responsible="ann", fields={"amount": {"minor": 5, "currency": "EUR"}},
        results={"link.payment_link": "https://pay.test"},
    )  # fmt: skip
    state = state_of(view, described, 5)
    assert (state.stage, state.fields["amount"], state.runs) == ("invoice_sent", Money(5, "EUR"), {})
    assert state.results == {"link.payment_link": "https://pay.test"}


@pytest.mark.parametrize(
    "bad", [{"fields": {"moon": 1}}, {"stage": "moon"}, {"pipeline": "moon"}, {"item_type": "ship"}, {"id": "a\n"}]
)
def test_an_item_that_cannot_be_is_refused(bad: dict[str, Any]) -> None:
    """With the reason that a change would get."""
    view = deal().book.tenant(TENANT)
    assert view is not None
    with pytest.raises(ChangeRefusedError):
        state_of(view, Given.model_validate({"item_type": "deal", **bad}), 5)


def test_an_item_in_the_log_can_be_tried_on() -> None:
    """After it has moved: the state is that of now."""
    story = deal(amount=EUR_20K).when(c.SaveItem({"title": "Table"}))
    assert tried(story, NOTE).params["text"] == "For Table: 20000.00 EUR"
