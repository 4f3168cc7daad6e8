"""Chats: groups, private or open, and one-to-one chats (spec 1.15, 3.2.4 to 3.2.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from automation.envelope import Envelope, Key, stable_id
from automation.errors import ChangeRefusedError
from automation.items.changes import AskItem
from automation.items.events import ChangeSeen
from automation.plan import Answer
from automation.records.asked import flag_of, text_of, texts_of
from automation.records.model import RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.chat.changes import AddChatMembers, CreateChat, PostChatMessage
from automation.records.types.chat.events import ChatCreated, ChatMembersAdded, ChatMessagePosted
from automation.records.types.chat.ids import direct_id
from automation.values import Personal

KINDS = ("private", "open", "direct")
MESSAGE_TYPES = ("general", "notification", "important")
MOST_MEMBERS = 10_000
_NOBODY: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Chat:
    """What later decisions on a chat need; its messages are events only."""

    kind: str = ""
    owner: str = ""
    by_rule: bool = False
    item: str = ""
    members: Mapping[str, int] = field(default_factory=lambda: _NOBODY)
    """By user: the version after which the member reads messages."""


# --- folds ---------------------------------------------------------------------------------------------------


def _created(chat: Chat, env: Envelope, event: ChatCreated) -> Chat:
    return Chat(event.kind, event.owner, event.by_rule, event.item, dict.fromkeys(event.members, 0))


def _added(chat: Chat, env: Envelope, event: ChatMembersAdded) -> Chat:
    since = 0 if event.show_history else env.version
    return replace(chat, members={**dict.fromkeys(event.members, since), **chat.members})


# --- what rules ask ------------------------------------------------------------------------------------------


def _create_group(turn: RecordTurn, asked: AskItem) -> Answer:
    """Make a private group for an item; a repeat finds it there."""
    members = texts_of(asked, "members")
    if not turn.exists:
        if len(members) < 2:
            return Answer("failed", "too_few_members", {})
        name, owner, item = (text_of(asked, code) for code in ("name", "owner", "item"))
        turn.emit(ChatCreated("private", Personal(name), owner, members, by_rule=True, item=item))
    return Answer("completed", "", {"chat_id": turn.key.item_id})


def _add_members(turn: RecordTurn, asked: AskItem) -> Answer:
    if not turn.body.by_rule:
        return Answer("failed", "chat_not_created_by_rule", {})
    new = _new_members(turn.body, texts_of(asked, "members"))
    if not new:
        return Answer("skipped", "already_members", {})
    turn.emit(ChatMembersAdded(new, flag_of(asked, "show_history")))
    return Answer("completed", "", {})


def _post_to_group(turn: RecordTurn, asked: AskItem) -> Answer:
    if turn.body.kind != "private":
        return Answer("failed", "chat_not_private_group", {})
    return _post(turn, asked)


def _post_direct(turn: RecordTurn, asked: AskItem) -> Answer:
    """Write into the one-to-one chat of sender and recipient, which is made on first use."""
    if not turn.exists:
        sender = text_of(asked, "sender")
        pair = tuple(dict.fromkeys((sender, text_of(asked, "recipient"))))
        turn.emit(ChatCreated("direct", Personal(""), sender, pair, by_rule=False, item=""))
    return _post(turn, asked)


def _post(turn: RecordTurn, asked: AskItem) -> Answer:
    sender, kind, text, link = (text_of(asked, code) for code in ("sender", "message_type", "text", "link"))
    turn.emit(ChatMessagePosted(asked.effect_id, sender, kind, Personal(text), link))
    return Answer("completed", "", {"message_id": asked.effect_id})


# --- what users do -------------------------------------------------------------------------------------------


def _create(turn: RecordTurn, change: CreateChat) -> None:
    if turn.exists:
        turn.emit(ChangeSeen("already_exists"))
        return
    members = _first_members(turn.user, change)
    _check_active(turn, members)
    turn.emit(ChatCreated(change.chat_type, change.name, turn.user or members[0], members, by_rule=False, item=""))


def _first_members(user: str, change: CreateChat) -> tuple[str, ...]:
    return tuple(dict.fromkeys(member for member in (user, *change.members) if member))


def _check_create(key: Key, user: str, change: CreateChat) -> None:
    members = _first_members(user, change)
    if change.chat_type not in KINDS:
        raise ChangeRefusedError("invalid_value", f"chat_type: none of {', '.join(KINDS)}")
    if not members:
        raise ChangeRefusedError("missing_value", "members: a chat has at least one")
    if change.chat_type == "direct":
        _check_pair(key, members)
    elif not change.name.text.strip():
        raise ChangeRefusedError("missing_value", "name: a group chat has a name")


def _check_pair(key: Key, members: tuple[str, ...]) -> None:
    if len(members) > 2:
        raise ChangeRefusedError("invalid_value", "members: a one-to-one chat has two")
    wanted = direct_id(members[0], members[-1])
    if key.item_id != wanted:
        raise ChangeRefusedError("invalid_key", f"key: the one-to-one chat of these members is {wanted}")


def _check_active(turn: RecordTurn, members: Iterable[str]) -> None:
    unknown = [user for user in members if not turn.view.directory.is_active(user)]
    if unknown:
        raise ChangeRefusedError("unknown_user", f"members: {', '.join(unknown)[:200]}")


def _new_members(chat: Chat, wanted: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(user for user in wanted if user not in chat.members))


def _check_member(turn: RecordTurn) -> None:
    """Only a member may change a group or write into a chat that is not open; the platform itself may."""
    if turn.user and turn.user not in turn.body.members and turn.body.kind != "open":
        raise ChangeRefusedError("not_a_member", f"user: {turn.user} is no member of the chat")


def _add(turn: RecordTurn, change: AddChatMembers) -> None:
    _check_member(turn)
    if turn.body.kind == "direct":
        raise ChangeRefusedError("chat_is_direct", "members: a one-to-one chat takes no others")
    new = _new_members(turn.body, change.members)
    _check_active(turn, change.members)
    if len(turn.body.members) + len(new) > MOST_MEMBERS:
        raise ChangeRefusedError("invalid_value", f"members: a chat has at most {MOST_MEMBERS}")
    if new:
        turn.emit(ChatMembersAdded(new, change.show_history))


def _check_message(_key: Key, _user: str, change: PostChatMessage) -> None:
    if change.message_type not in MESSAGE_TYPES:
        raise ChangeRefusedError("invalid_value", f"message_type: none of {', '.join(MESSAGE_TYPES)}")
    if not change.text.text.strip():
        raise ChangeRefusedError("missing_value", "text: a message has a text")


def _write(turn: RecordTurn, change: PostChatMessage) -> None:
    _check_member(turn)
    message_id = stable_id("message", turn.key_text, turn.change_id)
    turn.emit(ChatMessagePosted(message_id, turn.user or "system", change.message_type, change.text, ""))


# --- how it is found and read --------------------------------------------------------------------------------


def _show_created(event: ChatCreated) -> Shown:
    members = tuple(("member", user) for user in event.members)
    marks = (*members, ("item", event.item)) if event.item else members
    return Shown(event.name.text, event.kind, event.owner, {"by_rule": event.by_rule, "item": event.item}, marks)


def _show_added(event: ChatMembersAdded) -> Shown:
    return Shown(add=tuple(("member", user) for user in event.members))


def _reads_from(chat: Chat, user: str) -> int | None:
    """Members read from where they were let in; what is said in an open chat everybody may read."""
    return chat.members.get(user, 0 if chat.kind == "open" else None)


RECORD = RecordType(
    name="chat",
    title="Chat",
    body=Chat,
    folds={ChatCreated: _created, ChatMembersAdded: _added},
    changes={CreateChat: _create, AddChatMembers: _add, PostChatMessage: _write},
    questions={
        "create_group_chat": _create_group,
        "add_chat_members": _add_members,
        "post_to_group": _post_to_group,
        "post_direct": _post_direct,
    },
    creates=frozenset[type | str]((CreateChat, "create_group_chat", "post_direct")),
    shows={ChatCreated: _show_created, ChatMembersAdded: _show_added},
    checks={CreateChat: _check_create, PostChatMessage: _check_message},
    entries=(ChatMessagePosted,),
    reads_from=_reads_from,
)
