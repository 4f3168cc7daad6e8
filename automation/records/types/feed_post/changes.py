"""What users do in the feed themselves."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class AddFeedPost:
    """Write a post for employees; the user who sends it is its author."""

    text: Personal
    recipients: tuple[str, ...]
    subject: Personal = Personal("")  # noqa: RUF009 - frozen
    tag: str = ""
    attachments: tuple[str, ...] = ()
