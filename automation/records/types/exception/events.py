"""The events of an entry of the exceptions list (spec 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class ExceptionListed:
    """A contact point or an item is on the list from now on."""

    kind: str
    """`email`, `phone` or `item`."""
    value: Personal
    """In its normal form; of an item `type/id`."""
    item: str
    """The item for which it was listed, as `type/id`."""


@dataclass(frozen=True, slots=True)
class ExceptionRemoved:
    """It is no longer on the list."""

    removed_by: str
