"""Where a process goes next: what steps and constructs answer the engine."""

from __future__ import annotations

from typing import NamedTuple


class Go(NamedTuple):
    """What follows a step's turn; nothing of it where the step waits."""

    places: tuple[str, ...] = ()
    """Steps whose turn it is now."""
    over: bool = False
    """The step has ended: the process goes on behind it."""
    ends: bool = False
    """The process is at its end."""
    to_stage: str = ""
    """A stage that the item enters besides."""
    to_pipeline: str = ""
    """A pipeline that it enters: all that runs on the item stops, and this process is at its end (spec 4.34)."""


REST = Go()
OVER = Go(over=True)
END = Go(ends=True)
