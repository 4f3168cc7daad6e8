"""Enrolment of items that stood in a stage before its rule did: once for each stage entry, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Money
from services.history.run_log import run_log
from tests.core.definitions.test_lifecycle import stop
from tests.core.spec import Story, deal, put, rule

NOTE = rule("note", "add_item_comment", "invoice_sent", {"text": "Worth {{field:amount}}"})
INTO = c.SaveItem({}, stage="invoice_sent")
EUR_5 = Money(500, "EUR")


def waiting(*rules: m.Definition, **fields: Any) -> Story:
    """Return a deal that entered the stage before the rules were there."""
    story = deal(**fields).when(INTO)
    for made in rules:
        put(story.book, made)
    return story


def enrol(story: Story, rule_id: str = "note", version: int = 1, enrolment: str = "e1") -> Story:
    """Enrol the deal in a rule."""
    return story.when(c.EnrolItem(rule_id, version, enrolment, "berta"), actor="user:berta")


def refused(story: Story) -> str:
    """Return why nothing ran."""
    assert story.kinds() == ["ChangeSeen"]
    return str(story.only(e.ChangeSeen).reason)


def test_an_enrolled_item_runs_the_rule_and_says_who_asked() -> None:
    """As if the rule had been there at the stage entry."""
    story = enrol(waiting(NOTE, amount=EUR_5))
    assert story.kinds() == ["RuleEnrolled", "CommentAdded", "RuleRunCompleted"]
    enrolled = story.only(e.RuleEnrolled)
    assert (enrolled.by, enrolled.enrolment_id, enrolled.run_id) == (
        "berta",
        "e1",
        story.only(e.RuleRunCompleted).run_id,
    )
    assert story.last.events[0].envelope.actor == "user:berta"
    assert [found.envelope.actor for found in story.last.events[1:]] == ["rule:note"] * 2


@pytest.mark.parametrize("enrolment", ["e1", "e2"])
def test_enrolling_twice_runs_nothing_twice(enrolment: str) -> None:
    """Neither a repeat of the enrolment nor another one."""
    assert refused(enrol(enrol(waiting(NOTE)), enrolment=enrolment)) == "already_run"


def test_a_corrected_version_does_not_run_again_what_the_old_one_did() -> None:
    """The run key has no version (spec 6.1)."""
    story = enrol(waiting(NOTE))
    put(story.book, NOTE.model_copy(update={"order": 9}))
    assert refused(enrol(story, version=2)) == "already_run"


def test_only_the_version_that_was_previewed_is_run() -> None:
    """Somebody has edited the rule since."""
    story = waiting(NOTE, NOTE.model_copy(update={"order": 9}))
    assert refused(enrol(story, version=1)) == "rule_changed"
    assert refused(enrol(story, "nothing")) == "rule_changed"


def test_an_item_that_has_left_the_stage_is_not_enrolled() -> None:
    """Only items that are still there."""
    assert refused(enrol(waiting(NOTE).when(c.SaveItem({}, stage="won")))) == "not_in_stage"


def test_a_stopped_rule_is_not_enrolled_in() -> None:
    """A kill switch holds for enrolments, too."""
    story = waiting(NOTE)
    stop(story.book, "rule:note")
    assert refused(enrol(story)) == "rule_inactive"


def test_a_rule_that_was_there_at_the_entry_keeps_its_turn() -> None:
    """It runs after those before it, and only once."""
    slow = rule("slow", "add_item_comment", "invoice_sent", {"text": "slow"}, delay=60_000)
    story = deal(slow, NOTE.model_copy(update={"order": 5})).when(INTO)
    assert refused(enrol(story)) == "has_its_turn"
    assert refused(enrol(story, "slow")) == "already_run"


def test_the_run_log_shows_who_enrolled_the_item() -> None:
    """A run that a kill switch had cancelled is shown as what became of it later."""
    story = deal(NOTE)
    logged = list(story.last.events)
    stop(story.book, "rule:note")
    logged += story.when(INTO).last.events
    stop(story.book, "rule:note", deleted=True)
    logged += enrol(story).last.events
    (run,) = run_log(logged).runs
    assert (run.status, run.reason, run.enrolled_by, run.stage) == ("completed", "", "berta", "invoice_sent")


def test_what_a_kill_switch_cancelled_can_be_made_up_for() -> None:
    """The rule never began in this stage entry: the item is enrolled, once."""
    story = deal(NOTE)
    stop(story.book, "rule:note")
    story.when(INTO)
    stop(story.book, "rule:note", deleted=True)
    assert enrol(story).kinds() == ["RuleEnrolled", "CommentAdded", "RuleRunCompleted"]
    assert refused(enrol(story, enrolment="e2")) == "already_run"


def test_items_of_a_quiet_import_can_be_enrolled() -> None:
    """An import that ran no rules is made up for, by choice."""
    story = deal(NOTE)
    story.when(c.SaveItem({}, stage="invoice_sent"), source="file_import")
    assert story.kinds() == ["StageMoved"]
    assert "CommentAdded" in enrol(story).kinds()


def test_a_condition_holds_for_enrolled_items_as_well() -> None:
    """What does not fit is skipped with its reason."""
    story = enrol(waiting(NOTE.model_copy(update={"condition": {"field": "amount", "op": "not_empty"}})))
    assert story.only(e.RuleRunSkipped).reason == "condition_not_met"


@pytest.mark.parametrize("source", ["manual", "file_import"])
def test_a_delay_counts_from_the_enrolment_and_ends_with_the_stage(source: str) -> None:
    """Leaving the stage cancels it, though the stage entry did not know the rule (spec 6.3)."""
    slow = NOTE.model_copy(update={"delay": 60_000})
    story = deal().when(INTO, source=source)
    put(story.book, slow)
    due = enrol(story).only(e.RuleRunDelayed).due
    assert due == story.now + 60_000
    story.when(c.SaveItem({}, stage="won"))
    assert story.only(e.RuleRunCancelled).cause == "stage_left"
    assert not story.state.runs


def test_a_delayed_enrolment_runs_when_its_time_has_come() -> None:
    """And leaves no timer behind."""
    story = enrol(waiting(NOTE.model_copy(update={"delay": 60_000})))
    assert "CommentAdded" in story.wake().kinds()
    assert not story.state.runs


def test_an_enrolled_rule_waits_for_its_answers() -> None:
    """Calls out of the item go the usual way, and its results are there for the stage."""
    story = enrol(waiting(rule("link", "create_payment_link", "invoice_sent", {}), amount=EUR_5), "link")
    story.answer(story.only(effects.PaymentRequested), payment_link="https://pay.test", payment_id="p1")
    assert story.state.results["link.payment_link"] == "https://pay.test"


def test_a_deleted_item_is_not_enrolled() -> None:
    """It keeps its history, and nothing runs on it."""
    assert refused(enrol(waiting(NOTE).when(c.DeleteItem()))) == "deleted"
