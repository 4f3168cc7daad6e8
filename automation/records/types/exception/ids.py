"""Under which id a contact point or an item stands on the exceptions list."""

from __future__ import annotations

from typing import Final

from automation.envelope import stable_id

EXCEPTION: Final = "exception"
"""The type of the records."""
ITEM: Final = "item"
"""Kind of an entry that is an item and no contact point."""
LIST: Final = "list"
IS_LISTED: Final = "is_listed"
"""The questions that an entry takes."""


def exception_id(tenant: str, kind: str, value: str) -> str:
    """Return the id of an entry: made of its normal form, which it does not show."""
    return stable_id(EXCEPTION, tenant, kind, value)
