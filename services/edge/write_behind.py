"""Writes to a local store later, and those of one key once: an item that changes often is encoded at a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TypeAlias

from services.edge.local_store import LocalStore

Later: TypeAlias = "bytes | Callable[[], bytes] | None"
"""A value, what makes it when it is needed, or None for a key that goes."""


_PORTION = 64
"""Values that a write makes for a checkpoint under way, besides two for each key of its own: it ends before the next
one is due however fast the writes come."""


class WriteBehind:
    """A store in front of another one, which holds what was written up to a checkpoint: all of it, or nothing.

    A checkpoint is one atomic write of what waited when it was due, the position in the log included. Its values are
    made a portion at each write after that, so that no write has to wait for thousands of them. A kill takes what
    waits, and the log gives it back: about twice `most` keys, or what came within `seconds`, are folded again.
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
        self._closed: dict[bytes, Later] = {}
        """What the checkpoint under way will write; nothing is added to it."""
        self._made: dict[bytes, bytes | None] = {}
        self._left: Iterator[tuple[bytes, Later]] = iter(())
        self._since = 0.0

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key as it was written last, or None."""
        for waiting in (self._waiting, self._closed):
            if key in waiting:
                return _made(waiting[key])
        return self._store.get(key)

    def write(self, changes: Mapping[bytes, Later]) -> None:
        """Put all values and delete the keys with None, at the next checkpoint."""
        if not self._waiting:
            self._since = self._clock()
        self._waiting.update(changes)
        if not self._closed and self._due():
            self._close()
        if self._closed:
            self._make(_PORTION + 2 * len(changes))

    def checkpoint(self) -> None:
        """Write what waits, atomically."""
        self._make(len(self._closed))
        self._close()
        self._make(len(self._closed))

    def _due(self) -> bool:
        return len(self._waiting) >= self._most or self._clock() - self._since >= self._seconds

    def _close(self) -> None:
        self._closed, self._waiting = self._waiting, {}
        self._left = iter(self._closed.items())

    def _make(self, count: int) -> None:
        """Make some of the values, and write all of them with the last."""
        self._made.update((key, _made(value)) for key, value in islice(self._left, count))
        if self._closed and len(self._made) == len(self._closed):
            self._store.write(self._made)
            self._closed, self._made = {}, {}

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield pairs with start <= key < stop in order, as of the call."""
        self.checkpoint()
        return self._store.scan(start, stop)

    def clear(self) -> None:
        """Remove everything."""
        self._waiting, self._closed, self._made = {}, {}, {}
        self._store.clear()

    def close(self) -> None:
        """Write what waits and release the files."""
        self.checkpoint()
        self._store.close()


def _made(value: Later) -> bytes | None:
    return value() if callable(value) else value
