"""One turn of a record: what handlers of changes, questions and timers work with."""

from __future__ import annotations

from typing import Any

from automation.items.turn import Turn
from automation.records import fold


class RecordTurn(Turn):
    """The working frame of one decision on a record; `emit`, `reply`, `now` and `view` are those of an item's turn."""

    state: Any
    """A `RecordState`."""
    _evolve = staticmethod(fold.evolve)

    @property
    def body(self) -> Any:
        """What the record's type keeps, after the events so far."""
        return self.state.body

    @property
    def exists(self) -> bool:
        """Say whether the record has events."""
        return bool(self.state.version)

    @property
    def user(self) -> str:
        """The employee who sent the change; empty for a platform, a rule, or the system."""
        return self.actor.removeprefix("user:") if self.actor.startswith("user:") else ""
