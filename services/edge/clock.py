"""Where the edge reads the time; the core is handed moments and never asks."""

from __future__ import annotations

import time
from typing import Protocol

from automation.values import Moment


class Clock(Protocol):
    """Tells the time in milliseconds since the epoch, UTC."""

    def now(self) -> Moment:
        """Return the current moment."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Moment:
        """Return the current moment."""
        return time.time_ns() // 1_000_000


class SetClock:
    """A clock that stands until it is moved: the double for tests and model runs."""

    def __init__(self, moment: Moment = 0) -> None:
        self._moment = moment

    def now(self) -> Moment:
        """Return the moment last set."""
        return self._moment

    def move_to(self, moment: Moment) -> None:
        """Set the moment."""
        self._moment = moment
