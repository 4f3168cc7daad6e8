"""The events of a numerator (spec 4.21)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberTaken:
    """A document has got its number; the next one gets the next."""

    number: int
    taken_by: str
    """Key of the item that the document is for."""
