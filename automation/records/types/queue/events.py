"""The events of a queue (spec 4.13)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmployeeAppointed:
    """It was this employee's turn; the next one is that of who follows."""

    employee: str
    appointed_for: str
    """Key of the item that asked."""
