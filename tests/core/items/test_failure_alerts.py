"""A rule that fails is told to the responsible: in words, with a link, once per rule, item and hour (spec 6.2)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.alert_events import RuleFailureTold
from automation.items.failures import words
from tests.core.spec import DEAL, Story, deal, rule

HOUR = 3_600_000
MISSING = rule("note", "add_item_comment", "assembly", {"text": "{{field:comments}}"}, name="Comment on assembly")


def alerts(story: Story) -> list[effects.NotificationRequested]:
    """Return the notifications of the last turn."""
    return [event for event in story.events if isinstance(event, effects.NotificationRequested)]


def enter(story: Story, **more: Any) -> Story:
    """Go back and enter the stage of the rule again."""
    return story.when(c.SaveItem({}, stage="new")).when(c.SaveItem({}, stage="assembly"), **more)


def test_the_responsible_learns_which_rule_failed_and_why() -> None:
    """The item, the rule's name, the reason in words and as a code, and a link."""
    story = deal(MISSING).when(c.SaveItem({}, stage="assembly"))
    (alert,) = alerts(story)

    assert (alert.recipient, alert.sender, alert.link, alert.run_id) == ("ann", "system", f"/items/{DEAL.text}", "")
    assert alert.text.text == "Desk: the rule “Comment on assembly” failed: “text” has no value (missing_value:text)."


def test_it_is_told_once_an_hour_however_often_it_fails() -> None:
    """The second time within the hour is in the run log alone; an hour later it is told again."""
    story = deal(MISSING).when(c.SaveItem({}, stage="assembly"))
    first = alerts(story)[0].effect_id
    story.now += HOUR - 1
    enter(story)
    assert story.only(e.RuleRunFailed).reason == "missing_value:text"
    assert alerts(story) == []

    story.now += 1
    again = alerts(enter(story))

    assert len(again) == 1
    assert again[0].effect_id != first


def test_each_rule_is_told_by_itself() -> None:
    """Two failing rules of one stage are two notifications."""
    other = rule("tell", "add_notification", "assembly", {"text": "x", "recipients": ["user:old"]}, order=2)
    story = deal(MISSING, other).when(c.SaveItem({}, stage="assembly"))

    assert [event.rule_id for event in story.events if isinstance(event, RuleFailureTold)] == ["note", "tell"]
    assert len({alert.effect_id for alert in alerts(story)}) == 2


def test_a_call_that_fails_later_is_told_too() -> None:
    """The mail was refused by its provider."""
    mail = rule("mail", "send_client_email", "assembly", {"subject": "Hi", "text": "x"})
    story = deal(mail, email_work="c@client.test").when(c.SaveItem({}, stage="assembly"))
    asked = story.only(effects.ClientEmailRequested)

    story.answer(asked, "failed", "delivery")

    assert "it could not be delivered" in alerts(story)[0].text.text


def test_a_tenant_may_switch_it_off() -> None:
    """The run log has it all the same."""
    story = deal(MISSING, m.Settings(failure_alerts=False)).when(c.SaveItem({}, stage="assembly"))

    assert story.only(e.RuleRunFailed).reason == "missing_value:text"
    assert alerts(story) == []
    assert not any(isinstance(event, RuleFailureTold) for event in story.events)


def test_without_a_responsible_nobody_is_told() -> None:
    """There is no one to tell."""
    story = deal(MISSING).when(c.SaveItem({}, responsible="")).when(c.SaveItem({}, stage="assembly"))

    assert story.only(e.RuleRunFailed)
    assert alerts(story) == []


def test_what_was_skipped_is_no_failure() -> None:
    """A condition that does not hold is nothing to be told of."""
    made = MISSING.model_copy(update={"condition": {"field": "title", "op": "eq", "value": "Chair"}})
    story = deal(made).when(c.SaveItem({}, stage="assembly"))

    assert story.only(e.RuleRunSkipped)
    assert alerts(story) == []


def test_the_state_forgets_what_was_told_an_hour_ago() -> None:
    """It does not grow with the rules that ever failed."""
    other = rule("tell", "add_notification", "won", {"text": "x", "recipients": ["user:old"]})
    story = deal(MISSING, other).when(c.SaveItem({}, stage="assembly"))
    story.now += HOUR
    story.when(c.SaveItem({}, stage="won"))

    assert story.state.told.keys() == {"tell"}


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("internal_error", "a defect of the automation"),
        ("invalid_value:start", "the value of “start” does not fit"),
        ("chat_not_private_group", "chat not private group"),
        ("partial:deal", "partial"),
    ],
)
def test_every_reason_has_words(reason: str, text: str) -> None:
    """A code without words of its own is read as it is written."""
    assert words(reason) == text
