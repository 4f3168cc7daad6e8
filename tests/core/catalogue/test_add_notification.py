"""The rule `add_notification` (spec 3.2.1): who is told, in whose name, and how it may end."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Money, Personal
from tests.core.spec import DEAL, Story, deal, flaws, rule


def told(
    *more: m.Definition, text: str = "Call {{field:title}}", fields: dict[str, Any] | None = None, **params: Any
) -> Story:
    """Return a deal that has just reached the stage of the rule."""
    made = rule("tell", "add_notification", "assembly", {"text": text, "recipients": ["user:boss"], **params})
    return deal(made, *more, **(fields or {})).when(c.SaveItem({}, stage="assembly"))


def sent(story: Story) -> list[effects.NotificationRequested]:
    """Return the notifications of the last turn."""
    return [event for event in story.events if isinstance(event, effects.NotificationRequested)]


def test_an_employee_is_notified_with_a_link_to_the_item() -> None:
    """Values are read when the rule runs; the sender is the responsible."""
    (one,) = sent(told(text="{{field:title}}: {{field:amount}}", fields={"amount": Money(1_250_00, "EUR")}))

    assert (one.recipient, one.sender, one.link) == ("boss", "ann", f"/items/{DEAL.text}")
    assert one.text == Personal("Desk: 1250.00 EUR")


def test_nothing_appears_in_the_timeline_and_nothing_is_published() -> None:
    """The rule ends once the notification is delivered."""
    story = told()
    assert not {"CommentAdded", "ActivityRecorded"} & set(story.kinds())

    story.answer(sent(story)[0])

    assert story.only(e.RuleRunCompleted).results == {}


def test_a_department_is_each_of_its_active_members_once() -> None:
    """Named twice and through a role, the head is told once; the dismissed are not; the sender is not left out."""
    found = sent(told(recipients=["department:sales", "user:boss", "role:responsible", "user:old"]))

    assert sorted(one.recipient for one in found) == ["ann", "boss"]
    assert len({one.effect_id for one in found}) == 2


def test_somebody_else_may_be_the_sender() -> None:
    """One user, or a role of one."""
    assert sent(told(sender="user:boss"))[0].sender == "boss"
    assert sent(told(sender="role:responsible_supervisor", recipients=["user:ann"]))[0].sender == "boss"


def test_without_a_responsible_the_system_is_the_sender() -> None:
    """Nobody stands for the item (spec 6.4)."""
    made = rule("tell", "add_notification", "new", {"text": "x", "recipients": ["user:boss"]})
    story = deal(made, stage="invoice_sent").when(c.SaveItem({}, responsible=""))
    story.when(c.SaveItem({}, stage="new"))

    assert sent(story)[0].sender == "system"


def test_who_is_left_after_dismissals_may_be_nobody() -> None:
    """`no_recipient`: an unknown user, a dismissed one, a department without people."""
    for recipients in (["user:old"], ["user:nobody"], ["department:sales-2"]):
        assert told(m.Department(id="sales-2", name="Empty"), recipients=recipients).only(e.RuleRunFailed).reason == (
            "no_recipient"
        )


def test_a_text_that_is_empty_when_it_runs_is_missing() -> None:
    """The inserted field has no value."""
    assert told(text="{{field:comments}}").only(e.RuleRunFailed).reason == "missing_value:text"


def test_the_rule_ends_when_all_are_answered_and_says_what_failed() -> None:
    """One of two could not be delivered."""
    story = told(recipients=["department:sales"])
    first, second = sent(story)

    story.answer(first)
    assert "RuleRunCompleted" not in story.kinds()
    story.answer(second, "failed", "delivery")

    assert story.only(e.RuleRunFailed).reason == "delivery"


def test_text_and_recipients_have_to_be_given() -> None:
    """Each missing one is named when the rule is saved."""
    assert flaws("add_notification", {}) == {"params.text", "params.recipients"}
    assert flaws("add_notification", {"text": "x", "recipients": ["user:boss"]}) == set()
