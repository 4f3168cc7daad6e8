"""The rule `create_group_chat` (spec 3.2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAsked
from tests.core.spec import TENANT, deal, flaws, rule

BOTH = ["user:ann", "user:boss"]


def chat(members: list[str] = BOTH, name: str = "{{field:title}}") -> m.Rule:
    """Return the rule on the won stage."""
    return rule("chat", "create_group_chat", "won", {"name": name, "members": members})


def test_the_chat_is_asked_for_and_its_id_is_the_result() -> None:
    """Private, for the item, owned by the responsible, with the distinct members in listed order."""
    story = deal(chat(["role:responsible_supervisor", "role:responsible", "user:boss"])).when(
        c.SaveItem({}, stage="won")
    )
    asked = story.only(ItemAsked)

    assert (asked.target, asked.question) == (f"{TENANT}/chat/{asked.effect_id}", "create_group_chat")
    assert asked.args == {"name": "Desk", "members": ("boss", "ann"), "owner": "ann", "item": "deal/1"}
    story.answer(asked, chat_id=asked.effect_id)
    assert story.only(e.RuleRunCompleted).results == {"chat_id": asked.effect_id}


def test_the_owner_is_the_first_member_where_the_responsible_is_none() -> None:
    """Here Cid made it for Berta and himself."""
    cid = m.User(id="cid", name="Cid", department="sales")
    story = deal(chat(["user:cid", "user:boss"]), cid).when(c.SaveItem({}, stage="won"))

    assert story.only(ItemAsked).args["owner"] == "cid"


def test_a_department_stands_for_its_active_members() -> None:
    """Olaf was dismissed."""
    story = deal(chat(["department:sales"])).when(c.SaveItem({}, stage="won"))

    assert story.only(ItemAsked).args["members"] == ("ann", "boss")


@pytest.mark.parametrize("members", [["user:ann", "role:responsible"], ["user:ann", "user:old"], ["role:nobody"]])
def test_fewer_than_two_distinct_employees_make_no_chat(members: list[str]) -> None:
    """After expansion, dismissed ones dropped."""
    story = deal(chat(members)).when(c.SaveItem({}, stage="won"))

    assert story.only(e.RuleRunFailed).reason == "too_few_members"


def test_each_stage_entry_makes_a_new_chat() -> None:
    """Another entry, another id."""
    story = deal(chat()).when(c.SaveItem({}, stage="won"))
    first = story.only(ItemAsked)
    story.when(c.SaveItem({}, stage="new")).when(c.SaveItem({}, stage="won"))

    assert story.only(ItemAsked).effect_id != first.effect_id


def test_what_the_chat_answers_is_the_outcome() -> None:
    """Its code is the rule's."""
    story = deal(chat()).when(c.SaveItem({}, stage="won"))
    story.answer(story.only(ItemAsked), "failed", "too_few_members")

    assert story.only(e.RuleRunFailed).reason == "too_few_members"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"name": "x", "members": ["user:ann"]}, "params.members"),
        ({"name": "x", "members": ["user:ann", "ann"]}, "params.members"),
        ({"name": "x", "members": []}, "params.members"),
        ({"members": BOTH}, "params.name"),
        ({"name": "", "members": BOTH}, "params.name"),
        ({"name": "x", "members": BOTH, "open": True}, "params.open"),
    ],
)
def test_saving_refuses(params: dict[str, Any], path: str) -> None:
    """A list that can only stand for one employee, and what is missing or unknown."""
    assert path in flaws("create_group_chat", params)


@pytest.mark.parametrize("members", [BOTH, ["department:sales"], ["role:responsible"], ["{{field:responsible}}"]])
def test_saving_takes(members: list[str]) -> None:
    """Two employees, or what may stand for two."""
    assert flaws("create_group_chat", {"name": "x", "members": members}) == set()
