"""The one wrapper around every record: Faust acknowledges whatever happens, so whatever happens is dealt with here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from services.edge.codec import Head, SchemaAwaitedError, UnknownEventError, patiently
from services.edge.log import logger
from services.edge.processor.dead_letters import Fault, Origin, tenant_of
from services.edge.stream import UnreadableError
from services.live_views.board import Board, GapError

ReadHead = Callable[[bytes], Head]

_YIELD_EVERY = 256
"""Records after which probes and views get their turn."""


class Parked(NamedTuple):
    """A record that could not be handled, as it came."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    origin: Origin
    fault: Fault


Park = Callable[[Parked], Awaitable[None]]


class Guard:
    """Reads and applies records; `ends` is the last offset of each partition when the service started.

    Up to there a gap is a fact of the log and is shown as such. After it, a gap means that a record was lost on the
    way: `rebuild` is called, and the board is folded anew.
    """

    def __init__(
        self, board: Board, read_head: ReadHead, park: Park, ends: Mapping[int, int], rebuild: Callable[[str], None]
    ) -> None:
        self._board = board
        self._read = read_head
        self._park = park
        self._ends = ends
        self._rebuild = rebuild
        self._done = dict.fromkeys(ends, -1)
        self.handled = 0
        self.repeats = 0
        self.unreadable = 0
        self.gaps = 0

    @property
    def partitions(self) -> Collection[int]:
        """The partitions of the log, as they were at the start."""
        return self._ends.keys()

    @property
    def complete(self) -> bool:
        """Whether all that was in the log at the start is on the board."""
        return all(self._done.get(part, -1) >= end for part, end in self._ends.items())

    def waiting(self) -> int:
        """Return the number of offsets still to be read of what was there at the start."""
        return sum(max(0, end - self._done.get(part, -1)) for part, end in self._ends.items())

    async def handle(self, records: Sequence[Any]) -> None:
        """Take records of one partition in their order, as aiokafka made them; never raises."""
        for place, record in enumerate(records, 1):
            try:
                await self._apply_patiently(record)
            except (UnreadableError, UnknownEventError) as error:
                await self._set_aside(record, _fault(error))
            except Exception as error:  # noqa: BLE001 - Faust would acknowledge the record and lose it
                fault = Fault("internal_error", f"{type(error).__name__}: {error}", True, tenant_of(record.key))
                await self._set_aside(record, fault)
            self._done[record.partition] = record.offset
            self.handled += 1
            if not place % _YIELD_EVERY:
                await asyncio.sleep(0)

    async def _apply_patiently(self, record: Any) -> None:
        try:
            self._apply(record)
        except SchemaAwaitedError:
            await patiently(partial(self._read, record.value))
            self._apply(record)

    def _apply(self, record: Any) -> None:
        if record.value is None:
            raise UnreadableError("undecodable", "no value")
        head = self._read(record.value)
        if record.key != head.key:
            raise UnreadableError("key_mismatch", "key and envelope disagree", tenant=tenant_of(head.key))
        try:
            self.repeats += not self._board.apply(head)
        except GapError as gap:
            self._gap(gap, record)
            self._board.apply(head)

    def _gap(self, gap: GapError, record: Any) -> None:
        self.gaps += 1
        self._board.damaged.add(gap.key)
        logger().error("live_views_gap", detail=str(gap), partition=record.partition, offset=record.offset)
        if record.offset > self._ends.get(record.partition, -1):
            self._rebuild(str(gap))

    async def _set_aside(self, record: Any, fault: Fault) -> None:
        """Note that the item has a hole; a record that an earlier start has parked already is not parked again."""
        self.unreadable += 1
        self._board.damaged.add(record.key or b"")
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        logger().error("live_views_unreadable", reason=fault.reason, detail=fault.detail, **place)
        if record.offset > self._ends.get(record.partition, -1):
            origin = Origin(record.topic, record.partition, record.offset, record.timestamp or 0)
            await self._park(Parked(record.key, record.value, tuple(record.headers or ()), origin, fault))


def _fault(error: UnreadableError | UnknownEventError) -> Fault:
    if isinstance(error, UnreadableError):
        return Fault(error.reason, error.detail, error.ours, error.tenant)
    return Fault("unknown_schema", str(error), True, "")
