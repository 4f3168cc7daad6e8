"""Events of leads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeadMarkedRepeat:
    """The lead is a repeat one: it is of a client that is known already (spec 4.20, 4.22)."""
