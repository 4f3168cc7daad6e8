"""The effect of a search over other items (spec 4.36); performed by `history`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from automation.values import Value


@dataclass(frozen=True, slots=True)
class SearchRequested:
    """The first item by id that fits a filter is wanted, as all that the asking item has caused left it."""

    CHANNEL: ClassVar[str] = "search"
    effect_id: str
    run_id: str
    item_type: str
    filter: str
    """A condition as JSON; what was inserted is in it by name (`automation/search.py`)."""
    values: Mapping[str, Value]
    """The inserted values by these names."""
    select: tuple[str, ...]
    """Codes of the fields to return."""
