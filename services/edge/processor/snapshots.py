"""Snapshots of items, written in the background of the loop, and the floor that a restore folds from.

A sweep takes all items changed before log offset F and writes them, some with each batch, in that batch's transaction.
When it is through, a floor marker says that every item has a snapshot at least as new as F. A snapshot is what the
local store holds when the batch is closed, and that is committed state only.
"""

from __future__ import annotations

import struct
from itertools import islice
from typing import NamedTuple

from services.edge.local_store import LocalStore
from services.edge.processor.batch import Batch
from services.edge.processor.outputs import Placed
from services.edge.processor.settings import ProcessorSettings
from services.edge.processor.store import DIRTY, ITEM, end_of
from services.edge.write_behind import Later

_POSITION = struct.Struct(">qq")


class Floor(NamedTuple):
    """A marker: from which log offset to fold, and the input position that belongs to it."""

    position: int
    next: int


class SnapshotKeys:
    """Keys of a snapshot topic: `<fold version>/<item key>`, and two markers per partition."""

    def __init__(self, fold_version: int, partition: int) -> None:
        self.prefix = b"%d/" % fold_version
        self.floor = b"%d#floor#%d" % (fold_version, partition)
        self.next = b"%d#next#%d" % (fold_version, partition)


def is_marker(key: bytes) -> bool:
    """Say whether a record of a snapshot topic is a marker, of any fold version."""
    head, found, _ = key.partition(b"#")
    return bool(found) and head.isdigit()


def write_floor(floor: Floor) -> bytes:
    """Encode a marker."""
    return _POSITION.pack(*floor)


def read_floor(value: bytes) -> Floor:
    """Decode a marker."""
    return Floor(*_POSITION.unpack(value))


class Sweeps:
    """Remembers which items changed since their last snapshot, in memory and in the store."""

    def __init__(
        self, topic: str, partition: int, fold_version: int, store: LocalStore, settings: ProcessorSettings
    ) -> None:
        self._topic = topic
        self._partition = partition
        self._keys = SnapshotKeys(fold_version, partition)
        self._store = store
        self._settings = settings
        self._dirty = dict.fromkeys(key[1:] for key, _ in store.scan(DIRTY, end_of(DIRTY)))
        self._sweeping: dict[bytes, None] = {}
        self._target: Floor | None = None
        self.since_floor = len(self._dirty)
        self.floor = -1
        """Log offset of the last floor written by this worker; -1 for none."""

    def close(self, batch: Batch, position: int, next_offset: int) -> None:
        """Add snapshots, and markers where they are due, to a batch that is about to be sent.

        `position` and `next_offset` are those before the batch: what is committed.
        """
        if self._target is None and self.since_floor >= self._settings.snapshot_every:
            self._begin(Floor(position, next_offset))
        if self._target is not None:
            self._sweep(batch)
        if batch.unmarked:
            # Dead letters and forwarded changes leave no event that carries the position behind them.
            marker = write_floor(Floor(-1, batch.next))
            batch.outputs.add([self._record(self._keys.next, marker)])

    def committed(self, batch: Batch, events: int) -> dict[bytes, Later]:
        """Take note of a committed batch and return what to write to the store for it."""
        writes: dict[bytes, Later] = {}
        for key in batch.snapshotted:
            writes[DIRTY + key] = None
            self._sweeping.pop(key, None)
            self._dirty.pop(key, None)
        self._dirty.update(dict.fromkeys(batch.touched))
        self.since_floor += events
        if self._target is not None and not self._sweeping and batch.snapshotted:
            self.floor, self._target = self._target.position, None
        return writes

    @property
    def sweeping(self) -> bool:
        """Say whether a sweep is under way."""
        return self._target is not None

    def _begin(self, floor: Floor) -> None:
        self._target, self.since_floor = floor, 0
        self._sweeping, self._dirty = self._dirty, {}

    def _sweep(self, batch: Batch) -> None:
        chosen = batch.snapshotted
        for key in islice(self._sweeping, self._settings.snapshots_per_batch):
            stored = self._store.get(ITEM + key)
            if stored is not None:
                batch.outputs.add([self._record(self._keys.prefix + key, stored)])
            chosen.append(key)
            if batch.outputs.size >= self._settings.batch_bytes:
                break
        if len(chosen) == len(self._sweeping) and self._target is not None:
            batch.outputs.add([self._record(self._keys.floor, write_floor(self._target))])

    def _record(self, key: bytes, value: bytes) -> Placed:
        """Address a record to this partition whatever its key hashes to: the key carries more than the item's."""
        return Placed(self._topic, self._partition, key, value, ())
