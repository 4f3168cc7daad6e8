"""The events of a post in the news feed (spec 3.2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class FeedPostAdded:
    """The post stands in the feed of its recipients."""

    author: str
    recipients: tuple[str, ...]
    subject: Personal
    text: Personal
    tag: str
    """Makes the post easy to find; empty for none."""
    attachments: tuple[str, ...]
    """Ids of files, of the item or of the drive."""
    item: str
    """`type/id` of the item that it is about; empty for a post of a user."""
