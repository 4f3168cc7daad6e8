"""The ids that a state remembers, so that a repeat has no second effect (design section 2)."""

from __future__ import annotations

import hashlib
from functools import lru_cache

KEPT = 1_000
"""How many of the last ids are remembered."""
WIDTH = 16
"""Bytes of one id's digest."""


@lru_cache(maxsize=4_096)
def digest(text: str) -> bytes:
    """Return the 16 bytes that stand for an id; a UUID, with dashes or without, stands for itself."""
    digits = text.replace("-", "")
    if len(digits) == 2 * WIDTH:
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    return hashlib.blake2b(text.encode(), digest_size=WIDTH).digest()


def remember(seen: bytes, entry: bytes) -> bytes:
    """Append an entry and drop the oldest beyond the last 1,000; the newest is not repeated."""
    if seen.endswith(entry):
        return seen
    return (seen + entry)[-KEPT * len(entry) :]


def position(seen: bytes, entry: bytes, width: int = WIDTH) -> int:
    """Return where an entry of `width` bytes that starts with `entry` stands, or -1."""
    at = seen.find(entry)
    while at >= 0 and at % width:
        at = seen.find(entry, at + 1)
    return at
