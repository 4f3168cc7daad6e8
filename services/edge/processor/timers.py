"""The open timers of a partition in firing order, of which only the nearest are in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from itertools import islice

from automation.values import Moment
from services.edge.local_store import LocalStore
from services.edge.processor.store import TIMER, DueTimer, due_timers, end_of, read_timer, timer_key, timers_after
from services.edge.stream import Timer

NEVER: Moment = 2**62
"""Later than any moment: what `earliest` says when no timer is open."""


class TimerIndex:
    """Follows the state: told what a state's timers were and are, it knows which is due next.

    Holds all open timers up to a horizon in memory; those behind it are in the store alone. `take_writes` hands out
    what changed since the last call, to be written with the batch. A million open timers cost an event nothing: the
    loop compares one number, `earliest`.
    """

    def __init__(self, store: LocalStore, window: int = 1_000) -> None:
        self._store = store
        self._window = window
        self._heap: list[DueTimer] = []
        self._near: set[DueTimer] = set()
        self._horizon: DueTimer | None = None  # the last timer covered by memory; None: memory covers all
        self._covers_all = False
        self._unwritten: dict[DueTimer, bool] = {}  # True: added, False: removed
        self.earliest: Moment = NEVER
        self._reload(None)

    def change(self, key: bytes, old: Sequence[Timer], new: Sequence[Timer]) -> None:
        """Take over the difference between an item's timers before and after."""
        if old == new:
            return
        before, after = set(due_timers(key, old)), set(due_timers(key, new))
        for timer in before - after:
            self.remove(timer)
        for timer in after - before:
            self._add(timer)
        self._settle()

    def next_due(self, up_to: Moment) -> DueTimer | None:
        """Return the first timer due up to a moment; it stays until its state no longer has it."""
        return self._heap[0] if self.earliest <= up_to else None

    def drop(self, timer: DueTimer) -> None:
        """Forget a timer that its state keeps although it was fired."""
        self.remove(timer)
        self._settle()

    def take_writes(self) -> dict[bytes, bytes | None]:
        """Return what to write to the store for all changes since the last call."""
        writes = {timer_key(timer): (b"" if added else None) for timer, added in self._unwritten.items()}
        self._unwritten = {}
        return writes

    def remove(self, timer: DueTimer) -> None:
        """Take a timer out; its entry of the heap goes when it comes to the top."""
        self._near.discard(timer)
        self._unwritten[timer] = False

    def _add(self, timer: DueTimer) -> None:
        self._unwritten[timer] = True
        if self._covers(timer):
            self._near.add(timer)
            heapq.heappush(self._heap, timer)

    def _covers(self, timer: DueTimer) -> bool:
        return self._covers_all or (self._horizon is not None and timer <= self._horizon)

    def _settle(self) -> None:
        if len(self._heap) > 4 * self._window:
            self._shrink()
        while self._heap and self._heap[0] not in self._near:
            heapq.heappop(self._heap)
        if not self._heap and not self._covers_all:
            self._reload(self._horizon)
        self.earliest = self._heap[0].due if self._heap else NEVER

    def _shrink(self) -> None:
        live = sorted(self._near)
        if len(live) > 2 * self._window:
            live, self._covers_all = live[: self._window], False
            self._horizon = live[-1]
        self._heap, self._near = live, set(live)

    def _reload(self, after: DueTimer | None) -> None:
        """Bring the next timers behind `after` into memory: those of the store, and those not written yet."""
        stored = [read_timer(key) for key, _ in islice(self._stored(after), self._window)]
        self._covers_all = len(stored) < self._window
        self._horizon = stored[-1] if stored else after
        near = {timer for timer in stored if self._unwritten.get(timer, True)}
        near.update(self._pending(after))
        self._near, self._heap = near, sorted(near)
        if not near and not self._covers_all:
            self._reload(self._horizon)
        self.earliest = self._heap[0].due if self._heap else NEVER

    def _stored(self, after: DueTimer | None) -> Iterable[tuple[bytes, bytes]]:
        return self._store.scan(timers_after(after), end_of(TIMER))

    def _pending(self, after: DueTimer | None) -> Iterable[DueTimer]:
        added = (timer for timer, kept in self._unwritten.items() if kept)
        return [timer for timer in added if (after is None or timer > after) and self._covers(timer)]
