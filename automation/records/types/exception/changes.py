"""What people may do with an entry of the exceptions list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemoveException:
    """Take the contact point or the item off the list."""
