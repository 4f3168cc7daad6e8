"""Notices that records wait and none is handled: while the board is folded, and ever after."""

from __future__ import annotations

from collections.abc import Hashable


class Stall:
    """Measures how long nothing has moved although something waits."""

    def __init__(self) -> None:
        self._seen: Hashable = None
        self._since: float | None = None

    def look(self, now: float, seen: Hashable, *, waiting: bool) -> None:
        """Take note of how far the work is; `seen` is anything that changes when it moves, `now` in seconds."""
        if not waiting:
            self._since = None
        elif self._since is None or seen != self._seen:
            self._since = now
        self._seen = seen

    def idle(self, now: float) -> float:
        """Return for how many seconds records have waited in vain."""
        return 0.0 if self._since is None else now - self._since
