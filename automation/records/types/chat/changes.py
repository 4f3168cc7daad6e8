"""What users do with chats themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class CreateChat:
    """Create a chat; the user who does so is its owner and a member. A one-to-one chat has its members' id."""

    chat_type: Literal["private", "open", "direct"]
    members: tuple[str, ...]
    name: Personal = Personal("")  # noqa: RUF009 - frozen
    """Empty for a one-to-one chat."""


@dataclass(frozen=True, slots=True)
class AddChatMembers:
    """Add members to a group chat, whoever made it."""

    members: tuple[str, ...]
    show_history: bool = False


@dataclass(frozen=True, slots=True)
class PostChatMessage:
    """Write a message."""

    text: Personal
    message_type: Literal["general", "notification", "important"] = "general"
