"""One batch of a partition: what a transaction will carry, gathered while it is decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from services.edge.processor.items import Item
from services.edge.processor.outputs import Outputs


@dataclass(slots=True)
class Batch:
    """Nothing in here is true before the commit."""

    outputs: Outputs
    next: int
    """Input position behind the last record handled."""
    deadline: float
    """Monotonic time at which deciding stops, in seconds."""
    touched: dict[bytes, Item] = field(default_factory=dict)
    handled: int = 0
    """Changes and timers."""
    marked: int = -1
    """The highest `next-offset` among its events."""
    counted: Counter[str] = field(default_factory=Counter)
    """By metric name of `services.edge.names`."""
    parked: Counter[str] = field(default_factory=Counter)
    """Dead letters by reason."""
    snapshotted: list[bytes] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to commit."""
        return self.handled == 0

    @property
    def unmarked(self) -> bool:
        """Say whether outputs of this batch are covered by no event's `next-offset`, so that a marker must be."""
        return self.marked < self.next and self.outputs.count > 0
