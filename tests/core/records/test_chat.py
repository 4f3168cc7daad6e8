"""Chats: groups made by rules and by users, one-to-one chats, members and what they read (spec 1.15, 3.2.4–3.2.7)."""

from __future__ import annotations

import pytest

from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.records.types.chat import events as e
from automation.records.types.chat.changes import AddChatMembers, CreateChat, PostChatMessage
from automation.records.types.chat.ids import direct_id
from automation.records.types.chat.record import RECORD
from automation.values import Personal
from tests.core.record_spec import RecordStory, record

GROUP = {"name": "Desk", "members": ("ann", "boss"), "owner": "ann", "item": "deal/1"}
HELLO = {"sender": "ann", "message_type": "important", "text": "Hello", "link": "/items/acme/deal/1"}


def group() -> RecordStory:
    """Return a chat made by a rule."""
    return record("chat").ask("create_group_chat", **GROUP)


def by_user(kind: str, *members: str, name: str = "Talk") -> RecordStory:
    """Return a chat that Ann made."""
    chat = record("chat", direct_id("ann", members[0]) if kind == "direct" else "1")
    return chat.when(CreateChat(kind, members, Personal(name)))  # type: ignore[arg-type]


def test_a_rule_makes_a_private_group_that_remembers_its_item() -> None:
    """With its mark, its owner and its members."""
    chat = group()

    assert chat.only(e.ChatCreated) == e.ChatCreated(
        "private", Personal("Desk"), "ann", ("ann", "boss"), by_rule=True, item="deal/1"
    )
    assert chat.told == ("completed", "")
    assert dict(chat.body.members) == {"ann": 0, "boss": 0}


def test_a_group_of_one_is_not_made_and_leaves_nothing_behind() -> None:
    """The answer is a request without an event."""
    chat = record("chat").ask("create_group_chat", **{**GROUP, "members": ("ann",)})

    assert (chat.told, chat.events, chat.state.version) == (("failed", "too_few_members"), [], 0)


def test_the_same_request_makes_nothing_twice() -> None:
    """A repeat of the change is dropped; the same question in another change finds the chat."""
    chat = group()
    frame = chat.frame(change_id="effect-1")

    assert chat.repeat(frame, c.AskItem("effect-1", "run-1", "create_group_chat", GROUP, "acme/deal/1")).events == []
    assert chat.ask("create_group_chat", **GROUP).kinds() == ["ItemAnswered"]


@pytest.mark.parametrize(("question", "args"), [("add_chat_members", {"members": ("boss",)}), ("post_to_group", HELLO)])
def test_a_chat_that_nobody_made_is_not_found(question: str, args: dict[str, object]) -> None:
    """Without leaving state behind."""
    chat = record("chat").ask(question, **args)

    assert (chat.told, chat.state.version) == (("failed", "item_not_found"), 0)


def test_late_members_read_from_where_they_came_unless_history_is_shown() -> None:
    """`show_history` lets them read from the beginning (spec 3.2.5)."""
    chat = group().ask("add_chat_members", members=("cid",), show_history=False)
    since = chat.state.version - 1
    chat.ask("add_chat_members", members=("dora",), show_history=True)

    assert [RECORD.reads_from(chat.body, user) for user in ("ann", "cid", "dora", "eve")] == [0, since, 0, None]


def test_a_question_that_would_make_a_chat_too_large_is_answered_and_leaves_it_as_it_was() -> None:
    """The asking rule need not wait for an answer that never comes; a chat that is not there yet is not made."""
    crowd = tuple(f"{number:0>200}" for number in range(25_000))
    chat = group()
    before = chat.body
    chat.ask("add_chat_members", members=crowd, show_history=True)

    assert (chat.told, chat.kinds(), chat.body) == (("failed", "item_too_large"), ["ItemAnswered"], before)
    fresh = record("chat").ask("create_group_chat", **{**GROUP, "members": crowd})
    assert (fresh.told, fresh.events, fresh.state.version) == (("failed", "item_too_large"), [], 0)


def test_members_who_are_there_are_left_alone() -> None:
    """Only the new ones are added; with none it is skipped."""
    chat = group().ask("add_chat_members", members=("boss", "cid"))
    assert chat.only(e.ChatMembersAdded).members == ("cid",)

    assert chat.ask("add_chat_members", members=("boss", "cid"), show_history=True).told == (
        "skipped",
        "already_members",
    )


@pytest.mark.parametrize("kind", ["private", "open", "direct"])
def test_rules_add_members_only_to_chats_that_a_rule_made(kind: str) -> None:
    """Whatever the kind."""
    assert by_user(kind, "boss").ask("add_chat_members", members=("cid",)).told == (
        "failed",
        "chat_not_created_by_rule",
    )


@pytest.mark.parametrize("kind", ["open", "direct"])
def test_rules_write_only_into_private_groups(kind: str) -> None:
    """An open chat and a one-to-one chat are refused (spec 3.2.6)."""
    assert by_user(kind, "boss").ask("post_to_group", **HELLO).told == ("failed", "chat_not_private_group")


def test_a_rule_writes_into_any_private_group() -> None:
    """Made by a rule or a user; the sender is not added, the message carries kind and link."""
    for chat in (group(), by_user("private", "boss")):
        chat.ask("post_to_group", **{**HELLO, "sender": "cid"})

        assert chat.only(e.ChatMessagePosted) == e.ChatMessagePosted(
            f"effect-{chat.count}", "cid", "important", Personal("Hello"), "/items/acme/deal/1"
        )
        assert "cid" not in chat.body.members


def test_the_one_to_one_chat_is_made_on_first_use() -> None:
    """The second message finds it."""
    chat = record("chat", direct_id("ann", "boss")).ask("post_direct", **HELLO, recipient="boss")
    assert chat.kinds() == ["ChatCreated", "ChatMessagePosted", "ItemAnswered"]
    assert (chat.body.kind, set(chat.body.members)) == ("direct", {"ann", "boss"})

    assert chat.ask("post_direct", **HELLO, recipient="boss").kinds() == ["ChatMessagePosted", "ItemAnswered"]


def test_an_own_chat_has_one_member() -> None:
    """Sender and recipient are one (spec 3.2.7)."""
    chat = record("chat", direct_id("ann", "ann")).ask("post_direct", **HELLO, recipient="ann")

    assert set(chat.body.members) == {"ann"}
    assert direct_id("ann", "boss") == direct_id("boss", "ann") != direct_id("ann", "ann")


def test_users_make_chats_invite_and_write() -> None:
    """Who makes a chat is its owner and a member; members read what is written."""
    chat = by_user("private", "boss")
    assert chat.only(e.ChatCreated) == e.ChatCreated(
        "private", Personal("Talk"), "ann", ("ann", "boss"), by_rule=False, item=""
    )

    chat.when(PostChatMessage(Personal("hi")))
    assert (chat.only(e.ChatMessagePosted).sender, chat.only(e.ChatMessagePosted).kind) == ("ann", "general")
    assert chat.when(AddChatMembers(("boss",))).kinds() == ["ChangeSeen"]


def test_everybody_may_write_in_an_open_chat() -> None:
    """And read it."""
    chat = by_user("open", "boss").when(PostChatMessage(Personal("hi")), actor="user:cid")

    assert chat.only(e.ChatMessagePosted).sender == "cid"
    assert RECORD.reads_from(chat.body, "cid") == 0


@pytest.mark.parametrize(
    ("chat", "change", "reason"),
    [
        (group(), PostChatMessage(Personal("x")), "not_a_member"),
        (group(), AddChatMembers(("boss",)), "not_a_member"),
        (record("chat"), PostChatMessage(Personal("x")), "unknown_item"),
        (record("chat"), CreateChat("private", ("old",), Personal("x")), "unknown_user"),
        (record("chat"), CreateChat("open", ("ann",), Personal(" ")), "missing_value"),
        (record("chat"), CreateChat("other", ("ann",), Personal("x")), "invalid_value"),  # type: ignore[arg-type]
        (record("chat"), CreateChat("direct", ("ann",), Personal("")), "invalid_key"),
        (record("chat"), c.AddComment(Personal("x")), "unknown_item"),
        (group(), c.AddComment(Personal("x")), "unknown_change"),
    ],
)
def test_what_users_may_not_do_is_refused(chat: RecordStory, change: object, reason: str) -> None:
    """With a code; nothing changes."""
    with pytest.raises(ChangeRefusedError) as refused:
        chat.when(change, actor="user:cid" if reason == "not_a_member" else "user:boss")  # type: ignore[arg-type]

    assert refused.value.reason == reason


def test_a_one_to_one_chat_takes_no_third() -> None:
    """Not from its members either."""
    with pytest.raises(ChangeRefusedError, match="chat_is_direct"):
        by_user("direct", "boss").when(AddChatMembers(("boss",)))


def test_an_unknown_question_is_answered_so() -> None:
    """The asking rule fails, nothing is parked."""
    assert group().ask("dance").told == ("failed", "unknown_question")
