"""Writes to a local store later, and those of one key once: an item that changes often is encoded at a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from services.edge.local_store import LocalStore

Later: TypeAlias = "bytes | Callable[[], bytes] | None"
"""A value, what makes it when it is needed, or None for a key that goes."""


class WriteBehind:
    """A store in front of another one, which holds what was written up to a checkpoint: all of it, or nothing.

    A checkpoint is one atomic write of all that waits, the position in the log included. A kill takes what waits,
    and the log gives it back: at most `most` keys, or what came within `seconds`, are folded again.
    """

    def __init__(
        self, store: LocalStore, most: int = 20_000, seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store = store
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._waiting: dict[bytes, Later] = {}
        self._since = 0.0

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key as it was written last, or None."""
        if key in self._waiting:
            return _made(self._waiting[key])
        return self._store.get(key)

    def write(self, changes: Mapping[bytes, Later]) -> None:
        """Put all values and delete the keys with None, at the next checkpoint."""
        if not self._waiting:
            self._since = self._clock()
        self._waiting.update(changes)
        if len(self._waiting) >= self._most or self._clock() - self._since >= self._seconds:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Write what waits, atomically."""
        if self._waiting:
            self._store.write({key: _made(value) for key, value in self._waiting.items()})
            self._waiting = {}

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield pairs with start <= key < stop in order, as of the call."""
        self.checkpoint()
        return self._store.scan(start, stop)

    def clear(self) -> None:
        """Remove everything."""
        self._waiting = {}
        self._store.clear()

    def close(self) -> None:
        """Write what waits and release the files."""
        self.checkpoint()
        self._store.close()


def _made(value: Later) -> bytes | None:
    return value() if callable(value) else value
