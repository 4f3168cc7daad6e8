"""What people may do with an entry of the exceptions list."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class AddException:
    """Put a contact point on the list: an e-mail address or a telephone number, one of the two."""

    email: Personal | None = None
    phone: Personal | None = None
    """Without a country it is one of the tenant's own."""


@dataclass(frozen=True, slots=True)
class RemoveException:
    """Take the contact point or the item off the list."""
