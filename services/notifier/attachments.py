"""What is attached to a message."""

from __future__ import annotations

from typing import NamedTuple


class Attachment(NamedTuple):
    """A file of the object store."""

    name: str
    content_type: str
    content: bytes
