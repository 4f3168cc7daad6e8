"""Named points at every boundary between the loop and the outside, where tests end the process.

In production `reach` does nothing. `STAGEWIRE_CRASH_AT=<point>:<k>` ends the process, as a kill does, when the point is
reached for the k-th time; `STAGEWIRE_POINTS_LOG=<file>` writes the points down as they are reached.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

POINTS = (
    "assigned",  # partitions were assigned, nothing is fenced yet
    "fenced",  # the producer has started: the previous owner can no longer commit
    "next_known",  # the committed offset was read
    "snapshots_read",  # restore: snapshots are in the local store
    "restored",  # restore: the log is folded to its end
    "sought",  # the loop has sought to `next`
    "fetched",  # records arrived
    "decided",  # a batch is decided, nothing is sent
    "begun",  # the transaction has begun
    "sending",  # records are on their way
    "sent",  # every record and the offset are acknowledged
    "committed",  # the transaction is committed, nothing is applied
    "applied",  # the local store holds the batch
    "revoked",  # partitions are being taken away
    "released",  # producers are stopped after that
)

CRASH_CODE = 137


def _pass(point: str) -> None:
    """Do nothing: production."""


def _crasher(wanted: str, log: Path | None) -> Callable[[str], None]:
    name, _, turn = wanted.partition(":")
    seen: Counter[str] = Counter()

    def reach(point: str) -> None:
        seen[point] += 1
        if log is not None:
            with log.open("a") as out:
                out.write(f"{point}\n")
        if point == name and seen[point] == int(turn or 1):
            os._exit(CRASH_CODE)

    return reach


def _from_environment() -> Callable[[str], None]:
    wanted, log = os.environ.get("STAGEWIRE_CRASH_AT", ""), os.environ.get("STAGEWIRE_POINTS_LOG", "")
    return _crasher(wanted, Path(log) if log else None) if wanted or log else _pass


reach = _from_environment()
"""Called with a name of POINTS at each boundary."""
