"""The rule `add_group_chat_members` (spec 3.2.5)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAsked
from tests.core.spec import TENANT, Story, deal, flaws, rule

STORED = m.Fields(item_type="deal", fields=(m.FieldDef(code="chat_id", title="group chat ID", type="string"),))


def added(chat_id: str = "c1", **params: Any) -> Story:
    """Return a deal that was won, whose field holds a chat's id."""
    given = {"chat": "{{field:chat_id}}", "members": ["role:responsible_supervisor"], **params}
    return deal(STORED, rule("add", "add_group_chat_members", "won", given), chat_id=chat_id).when(
        c.SaveItem({}, stage="won")
    )


def test_the_chat_named_by_a_field_is_asked() -> None:
    """Without history unless it is wished."""
    asked = added().only(ItemAsked)

    assert (asked.target, asked.question) == (f"{TENANT}/chat/c1", "add_chat_members")
    assert asked.args == {"members": ("boss",), "show_history": False}
    assert added(show_history=True).only(ItemAsked).args["show_history"] is True


def test_the_result_of_the_creating_rule_names_the_chat_at_the_same_stage() -> None:
    """Its rule runs first."""
    make = rule("make", "create_group_chat", "won", {"name": "x", "members": ["user:ann", "user:boss"]}, order=1)
    add = rule("add", "add_group_chat_members", "won", {"chat": "{{result:make.chat_id}}", "members": ["ann"]}, order=2)
    story = deal(make, add).when(c.SaveItem({}, stage="won"))
    made = story.only(ItemAsked)
    story.answer(made)

    assert story.only(ItemAsked).target == f"{TENANT}/chat/{made.effect_id}"


def test_it_completes_without_results() -> None:
    """Existing members are left alone by the chat."""
    story = added()
    story.answer(story.only(ItemAsked))

    assert story.only(e.RuleRunCompleted).results == {}


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        ("failed", "chat_not_created_by_rule", "chat_not_created_by_rule"),
        ("failed", "item_not_found", "chat_not_found"),
        ("skipped", "already_members", "already_members"),
        ("failed", "delivery_unknown", "delivery_unknown"),
    ],
)
def test_what_the_chat_answers_is_the_outcome(status: str, reason: str, told: str) -> None:
    """An unknown chat has a code of its own."""
    story = added()
    story.answer(story.only(ItemAsked), status, reason)

    ended = story.only(e.RuleRunFailed if status == "failed" else e.RuleRunSkipped)
    assert ended.reason == told


@pytest.mark.parametrize("chat_id", ["", "x" * 201, "a\u200bb"])
def test_an_empty_or_impossible_id_is_no_chat(chat_id: str) -> None:
    """Nobody is asked."""
    assert added(chat_id).only(e.RuleRunFailed).reason == "chat_not_found"


def test_nobody_to_add() -> None:
    """Expanded lists drop the dismissed (spec 1.10)."""
    assert added(members=["role:nobody", "{{field:chat_id}}"]).only(e.RuleRunFailed).reason == "no_recipient"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"members": ["user:ann"]}, "params.chat"),
        ({"chat": "", "members": ["user:ann"]}, "params.chat"),
        ({"chat": "{{field:chat_id}}", "members": []}, "params.members"),
        ({"chat": "{{field:chat_id}}", "members": ["user:ann"], "show_history": "perhaps"}, "params.show_history"),
    ],
)
def test_saving_refuses(params: dict[str, Any], path: str) -> None:
    """What is missing or unfit."""
    assert path in flaws("add_group_chat_members", params, STORED)
