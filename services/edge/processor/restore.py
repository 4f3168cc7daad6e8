"""Brings a partition's state up to the end of its log: from the local store, or from snapshots, and then by folding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.edge import names
from services.edge.codec import SchemaAwaitedError, patiently
from services.edge.log import logger
from services.edge.processor.ending import StopError
from services.edge.processor.items import Item, Items
from services.edge.processor.outputs import NEXT_OFFSET
from services.edge.processor.points import reach
from services.edge.processor.snapshots import Floor, SnapshotKeys, is_marker, read_floor
from services.edge.processor.store import (
    IDENTITY,
    ITEM,
    NEXT,
    POSITION,
    due_timers,
    end_of,
    read_item,
    read_number,
    timer_key,
    write_number,
)  # fmt: skip
from services.edge.processor.timers import TimerIndex
from services.edge.stream import Stream, Timer
from services.edge.write_behind import Later, WriteBehind

_FOLDED_AT_ONCE = 2_000


@dataclass(slots=True)
class Restored:
    """What a restore found; offsets are -1 where there is none."""

    position: int = -1
    """Log offset up to which state is folded."""
    next: int = -1
    """Highest input position that log, markers and store know of."""
    from_store: bool = False
    snapshots: int = 0
    events: int = 0
    aside: int = 0


class Restorer:
    """Restores one partition with a reader of its own; the partition is fenced, so its log stands still."""

    def __init__(self, stream: Stream[Any, Any], partition: int, store: WriteBehind, reader: AIOKafkaConsumer) -> None:
        self._stream = stream
        self._store = store
        self._reader = reader
        self._log_part = TopicPartition(stream.log, partition)
        self._snapshot_part = TopicPartition(stream.snapshots, partition)
        self._keys = SnapshotKeys(stream.fold_version, partition)
        self._found = Restored()
        self._log = logger(partition=partition)

    async def restore(self, identity: str, cached_items: int) -> Restored:
        """Restore; raises StopError where the log has a gap or a repeat, UnreadableError for an unknown event."""
        begin, end = await self._bounds(self._log_part)
        self._open_store(f"{self._stream.fold_version}|{identity}", end)
        if self._found.position < 0:
            await self._read_snapshots()
            self._found.position = max(self._found.position, begin)
        if self._found.position > end:
            raise StopError(
                f"snapshots of {self._log_part} are of offset {self._found.position}, the log ends at {end}"
            )
        reach("snapshots_read")
        await self._fold(end, Items(self._stream, self._store, cached_items), TimerIndex(self._store))
        self._found.position = max(self._found.position, end)
        self._store.write({POSITION: write_number(self._found.position), NEXT: write_number(self._found.next)})
        return self._found

    def knows_nothing(self) -> bool:
        """Say whether the log holds no event at all: aborted transactions and markers may fill it nevertheless."""
        return next(iter(self._store.scan(ITEM, end_of(ITEM))), None) is None

    async def markers(self) -> int:
        """Return the highest input position of any marker; asked when the committed offset is missing."""
        highest = -1
        async for record in self._read(self._snapshot_part, *await self._bounds(self._snapshot_part)):
            if record.value is not None and is_marker(record.key):
                highest = max(highest, read_floor(record.value).next)
        return highest

    def _open_store(self, identity: str, end: int) -> None:
        """Use the store if it is of this fold, cluster and topic, and of the past; empty it otherwise."""
        found, position = self._store.get(IDENTITY), read_number(self._store.get(POSITION))
        if found == identity.encode() and 0 <= position <= end:
            self._found.position, self._found.from_store = position, True
            self._found.next = read_number(self._store.get(NEXT))
            return
        if found is not None:
            self._log.warning(
                names.LOG_STORE_DISCARDED, position=position, end=end, same_identity=found == identity.encode()
            )
            self._store.clear()
        self._store.write({IDENTITY: identity.encode()})

    async def _read_snapshots(self) -> None:
        """Copy snapshots into the store as they are; only items with timers are looked at twice."""
        timers: dict[bytes, tuple[Timer, ...]] = {}
        floor = Floor(-1, -1)
        prefix, cut = self._keys.prefix, len(self._keys.prefix)
        chunk: dict[bytes, bytes | None] = {}
        async for record in self._read(self._snapshot_part, *await self._bounds(self._snapshot_part)):
            if record.key == self._keys.floor:
                floor = read_floor(record.value)
            elif record.key.startswith(prefix) and record.value is not None:
                chunk[ITEM + record.key[cut:]] = record.value
                self._note_timers(timers, record.key[cut:], record.value)
            if len(chunk) >= _FOLDED_AT_ONCE:
                self._write_snapshots(chunk)
                chunk = {}
        self._write_snapshots(chunk)
        if floor.position < 0:
            self._discard_without_floor()
            return
        self._store.write({timer_key(due): b"" for key, open_ in timers.items() for due in due_timers(key, open_)})
        self._found.position, self._found.next = floor

    def _note_timers(self, timers: dict[bytes, tuple[Timer, ...]], key: bytes, value: bytes) -> None:
        found = read_item(value).timers
        if found:
            timers[key] = found
        elif timers:
            timers.pop(key, None)

    def _write_snapshots(self, chunk: dict[bytes, bytes | None]) -> None:
        self._store.write(chunk)
        self._found.snapshots += len(chunk)

    def _discard_without_floor(self) -> None:
        """Fold the whole log: snapshots of a first sweep that never ended do not cover all items."""
        identity = self._store.get(IDENTITY)
        self._store.clear()
        self._store.write({IDENTITY: identity})
        self._found.snapshots = 0

    async def _fold(self, end: int, items: Items, timers: TimerIndex) -> None:
        touched: dict[bytes, Item] = {}
        async for record in self._read(self._log_part, self._found.position, end):
            try:
                self._fold_one(record, items, timers, touched)
            except SchemaAwaitedError:
                await patiently(partial(self._stream.read_event, record.value, record.headers))
                self._fold_one(record, items, timers, touched)
            self._found.position = record.offset + 1
            if len(touched) >= _FOLDED_AT_ONCE:
                self._flush(items, timers, touched)
                touched = {}
        self._flush(items, timers, touched)

    def _fold_one(self, record: Any, items: Items, timers: TimerIndex, touched: dict[bytes, Item]) -> None:
        stream, key = self._stream, record.key
        # Unknown types stop the worker, they are not skipped.
        recorded = stream.read_event(record.value, record.headers)
        self._found.events += 1
        self._found.next = max(self._found.next, _next_of(record.headers))
        before = touched.get(key) or items.get(key)
        version = recorded.envelope.version
        if version <= before.version or before.aside:
            self._check_repeat(record, version, before)
            return
        if version != before.version + 1:
            place = f"{record.topic} {record.partition}:{record.offset}"
            raise StopError(f"gap at {place}: {key!r} goes from version {before.version} to {version}")
        after = self._evolved(before, recorded, record)
        timers.change(key, before.timers, after.timers)
        touched[key] = after

    def _check_repeat(self, record: Any, version: int, before: Item) -> None:
        """Events up to a snapshot's version are skipped; from a local store or a fold on, a repeat is a corruption."""
        whole = self._found.from_store or not self._found.snapshots
        if whole and not before.aside:
            raise StopError(
                f"repeat in {record.topic}: {record.key!r} version {version} at {record.partition}:{record.offset}"
            )

    def _evolved(self, before: Item, recorded: Any, record: Any) -> Item:
        try:
            state = self._stream.evolve(before.state, recorded)
            return Item(state, recorded.envelope.version, tuple(self._stream.timers(state)))
        except Exception as error:  # noqa: BLE001 - a bug in one item's fold must not stop the partition
            self._found.aside += 1
            self._log.error(
                names.LOG_ITEM_SET_ASIDE,
                key=record.key,
                offset=record.offset,
                detail=f"{type(error).__name__}: {error}",
            )
            return Item(before.state, before.version, (), aside=True)

    def _flush(self, items: Items, timers: TimerIndex, touched: dict[bytes, Item]) -> None:
        writes: dict[bytes, Later] = {**items.writes(touched), **timers.take_writes()}
        writes[POSITION], writes[NEXT] = write_number(self._found.position), write_number(self._found.next)
        self._store.write(writes)
        items.keep(touched)

    async def _bounds(self, part: TopicPartition) -> tuple[int, int]:
        self._reader.assign([part])
        begin, end = await self._reader.beginning_offsets([part]), await self._reader.end_offsets([part])
        return begin[part], end[part]

    async def _read(self, part: TopicPartition, start: int, end: int) -> Any:
        self._reader.assign([part])
        self._reader.seek(part, start)
        while await self._reader.position(part) < end:
            for record in (await self._reader.getmany(part, timeout_ms=200)).get(part, ()):
                yield record


def _next_of(headers: Sequence[tuple[str, bytes]]) -> int:
    for name, value in reversed(headers):
        if name == NEXT_OFFSET:
            return int(value)
    return -1
