"""The rule `send_private_chat_message` (spec 3.2.7)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAsked
from automation.records.types.chat.ids import direct_id
from tests.core.spec import DEAL, TENANT, Story, deal, flaws, rule


def sent(**params: Any) -> Story:
    """Return a deal that was won."""
    given = {"recipient": "user:boss", "text": "{{field:title}} is won", **params}
    return deal(rule("say", "send_private_chat_message", "won", given)).when(c.SaveItem({}, stage="won"))


def test_the_responsible_writes_into_the_chat_of_the_two() -> None:
    """A general message, with a link to the item."""
    asked = sent().only(ItemAsked)

    assert (asked.target, asked.question) == (f"{TENANT}/chat/{direct_id('ann', 'boss')}", "post_direct")
    assert asked.args == {
        "sender": "ann", "recipient": "boss", "message_type": "general", "text": "Desk is won",
        "link": f"/items/{DEAL.text}",
    }  # fmt: skip


def test_sender_and_kind_are_chosen() -> None:
    """The chat is the same in both directions."""
    asked = sent(recipient="role:responsible", sender="user:boss", message_type="notification").only(ItemAsked)

    assert asked.target == f"{TENANT}/chat/{direct_id('ann', 'boss')}"
    assert (asked.args["sender"], asked.args["message_type"]) == ("boss", "notification")


def test_who_writes_to_himself_writes_into_his_own_chat() -> None:
    """Sender and recipient are the responsible."""
    assert sent(recipient="role:responsible").only(ItemAsked).target == f"{TENANT}/chat/{direct_id('ann', 'ann')}"


def test_it_completes_without_results() -> None:
    """And nothing stands in the timeline."""
    story = sent()
    story.answer(story.only(ItemAsked), message_id="m1")

    assert story.kinds() == ["EffectAnswered", "RuleRunCompleted"]


def test_a_dismissed_recipient_is_nobody() -> None:
    """Found at run time (spec 1.10)."""
    assert sent(recipient="user:old").only(e.RuleRunFailed).reason == "no_recipient"


def test_what_was_not_delivered_fails() -> None:
    """With the code that came."""
    story = sent()
    story.answer(story.only(ItemAsked), "failed", "delivery_unknown")

    assert story.only(e.RuleRunFailed).reason == "delivery_unknown"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"text": "x"}, "params.recipient"),
        ({"recipient": "user:ann"}, "params.text"),
        ({"recipient": "department:sales", "text": "x"}, "params.recipient"),
        ({"recipient": "user:ann", "text": "x", "message_type": "loud"}, "params.message_type"),
    ],
)
def test_saving_refuses(params: dict[str, Any], path: str) -> None:
    """What is missing, and a recipient who is not one employee."""
    assert path in flaws("send_private_chat_message", params)
