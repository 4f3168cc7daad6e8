"""The ids of chats that are known beforehand."""

from __future__ import annotations

from automation.envelope import stable_id


def direct_id(one: str, other: str) -> str:
    """Return the id of the one-to-one chat of two employees, in either order; of one with themselves too."""
    return stable_id("direct-chat", *sorted((one, other)))
