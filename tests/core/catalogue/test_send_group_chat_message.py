"""The rule `send_group_chat_message` (spec 3.2.6)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAsked
from automation.values import Personal
from tests.core.spec import DEAL, TENANT, Story, deal, flaws, rule

STORED = m.Fields(item_type="deal", fields=(m.FieldDef(code="chat_id", title="group chat ID", type="string"),))


def sent(chat_id: str = "c1", **params: Any) -> Story:
    """Return a deal that was won, whose field holds a chat's id."""
    given = {"chat": "{{field:chat_id}}", "text": "{{field:title}} is won", **params}
    return deal(STORED, rule("say", "send_group_chat_message", "won", given), chat_id=chat_id).when(
        c.SaveItem({}, stage="won")
    )


def test_the_responsible_writes_a_general_message_with_a_link() -> None:
    """Unless another sender and kind are chosen."""
    asked = sent().only(ItemAsked)

    assert (asked.target, asked.question) == (f"{TENANT}/chat/c1", "post_to_group")
    assert asked.args == {
        "sender": "ann", "message_type": "general", "text": "Desk is won", "link": f"/items/{DEAL.text}"
    }  # fmt: skip


def test_sender_and_kind_are_chosen() -> None:
    """The sender is one user or a single-valued role."""
    args = sent(sender="role:responsible_supervisor", message_type="important").only(ItemAsked).args

    assert (args["sender"], args["message_type"]) == ("boss", "important")


def test_a_text_about_a_person_keeps_its_mark() -> None:
    """It is sealed like the field that it was rendered from."""
    story = deal(STORED, rule("say", "send_group_chat_message", "won", {"chat": "c1", "text": "{{field:email_work}}"}),
                 email_work="c@home.test").when(c.SaveItem({}, stage="won"))  # fmt: skip

    assert story.only(ItemAsked).args["text"] == Personal("c@home.test")


def test_it_completes_without_results() -> None:
    """And nothing stands in the timeline."""
    story = sent()
    story.answer(story.only(ItemAsked), message_id="m1")

    assert story.kinds() == ["EffectAnswered", "RuleRunCompleted"]
    assert story.only(e.RuleRunCompleted).results == {}


@pytest.mark.parametrize(
    ("reason", "told"),
    [("chat_not_private_group", "chat_not_private_group"), ("item_not_found", "chat_not_found")],
)
def test_what_the_chat_answers_is_the_outcome(reason: str, told: str) -> None:
    """An open or one-to-one chat is refused, an unknown one has a code of its own."""
    story = sent()
    story.answer(story.only(ItemAsked), "failed", reason)

    assert story.only(e.RuleRunFailed).reason == told


def test_an_empty_id_is_no_chat() -> None:
    """Spec 6.8."""
    assert sent("").only(e.RuleRunFailed).reason == "chat_not_found"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"chat": "c1"}, "params.text"),
        ({"text": "x"}, "params.chat"),
        ({"chat": "c1", "text": "x", "message_type": "loud"}, "params.message_type"),
        ({"chat": "c1", "text": "x", "sender": "department:sales"}, "params.sender"),
    ],
)
def test_saving_refuses(params: dict[str, Any], path: str) -> None:
    """What is missing, and a sender who is not one user."""
    assert path in flaws("send_group_chat_message", params)
