"""The events of a chat (spec 1.15, 3.2.4 to 3.2.7)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class ChatCreated:
    """The chat exists from now on, with its first members."""

    kind: str
    """`private` or `open` for a group, `direct` for the one-to-one chat of its members."""
    name: Personal
    """Shown in the chat list; empty for a one-to-one chat."""
    owner: str
    members: tuple[str, ...]
    by_rule: bool
    """Made by `create_group_chat`: only such a chat takes members from `add_group_chat_members`."""
    item: str
    """`type/id` of the item that it was made for; empty for a chat made by a user."""


@dataclass(frozen=True, slots=True)
class ChatMembersAdded:
    """More employees belong to the chat; without `show_history` they read only what comes after this event."""

    members: tuple[str, ...]
    show_history: bool


@dataclass(frozen=True, slots=True)
class ChatMessagePosted:
    """A message stands in the chat."""

    message_id: str
    sender: str
    """An employee, member or not; `system` for the platform itself."""
    kind: str
    """`general`, `notification` or `important`: how it is presented."""
    text: Personal
    link: str
    """Path of the item form that the reader can open; empty for what users write."""
