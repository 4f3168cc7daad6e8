"""What an item keeps while it waits to be created."""

from __future__ import annotations

from dataclasses import dataclass

from automation.items.changes import ItemChange


@dataclass(frozen=True, slots=True)
class Held:
    """A change that waits, with where it came from."""

    event_id: str
    change_id: str
    source: str
    actor: str
    root_id: str
    depth: int
    change: ItemChange
