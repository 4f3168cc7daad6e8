"""One input partition while this worker owns it: fence, restore, then one batch after another.

A Partition lives for one assignment. It is made anew at the next one even for a partition that stays, so nothing of an
old generation can slip into a new one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from services.edge import names
from services.edge.codec import SchemaAwaitedError, answered
from services.edge.log import logger
from services.edge.processor.batch import Batch
from services.edge.processor.decider import Decider, DefinitionsBehindError
from services.edge.processor.ending import StopError
from services.edge.processor.inbox import Inbox
from services.edge.processor.items import Items
from services.edge.processor.outputs import Outputs, UnknownTopicError
from services.edge.processor.points import reach
from services.edge.processor.restore import Restored, Restorer
from services.edge.processor.snapshots import Sweeps
from services.edge.processor.store import NEXT, POSITION, write_number
from services.edge.processor.timers import NEVER, TimerIndex
from services.edge.processor.transaction import commit
from services.edge.processor.worker import Worker
from services.edge.write_behind import WriteBehind

_REGISTRY_PAUSE_S = 1.0


class Partition:
    """Owns the producer, the local store and the queue of one input partition."""

    def __init__(self, worker: Worker, inbox: Inbox, part: TopicPartition, store: WriteBehind) -> None:
        self.part = part
        self.next = -1
        """Step 1: the input position from which to go on, from the committed offset; never the consumer's own."""
        self.restored = False
        self.queue: deque[Any] = deque()
        self.progress = time.monotonic()
        self._worker = worker
        self._inbox = inbox
        self._store = store
        self._committed: int | None = None
        self._producer = worker.clients.producer(part.partition)
        self._stopping = False
        self._wake = asyncio.Event()
        self._log = logger(partition=part.partition)
        self._position = -1
        self._last_start = 0.0

    async def fence(self) -> None:
        """Step 1: start the producer, which ends the previous owner's transaction, and only then read the offset."""
        await self._producer.start()
        reach("fenced")
        self._committed = await self._inbox.committed(self.part)
        reach("next_known")

    async def restore(self) -> None:
        """Step 1: restore behind the fence, outside the rebalance callback; the other partitions go on meanwhile."""
        began, worker = time.monotonic(), self._worker
        async with worker.restoring:
            reader = worker.clients.reader()
            await reader.start()
            try:
                restorer = Restorer(worker.stream, self.part.partition, self._store, reader)
                found = await restorer.restore(worker.identity, worker.settings.cached_items)
                self.next = await self._next(found, restorer)
            finally:
                await reader.stop()
        self._take_over(found)
        worker.metrics.restore_seconds.observe(time.monotonic() - began)
        self._log.info(
            names.LOG_RESTORED, seconds=round(time.monotonic() - began, 3), from_store=found.from_store,
            snapshots=found.snapshots, events=found.events, position=found.position, next=self.next,
        )  # fmt: skip
        self.restored = True
        worker.metrics.partitions.labels("restored").inc()
        reach("restored")

    async def _next(self, found: Restored, restorer: Restorer) -> int:
        """Return the highest position known: brokers forget the offsets of a group that was down for days."""
        if self._committed is not None:
            return max(self._committed, found.next)
        recovered = max(found.next, await restorer.markers())
        if recovered < 0 and not restorer.knows_nothing():
            raise StopError(f"no committed offset for {self.part}, and no event of its log carries one")
        begin, end = await self._inbox.bounds(self.part)
        if recovered > end:
            raise StopError(f"{self.part} ends at {end}, but {recovered} of it was processed: the topic was replaced")
        self._log.warning(names.LOG_POSITION_RECOVERED, next=recovered, begin=begin)
        return max(recovered, begin)

    def _take_over(self, found: Restored) -> None:
        worker, number = self._worker, self.part.partition
        stream, settings = worker.stream, worker.settings
        self._position = found.position
        self._items = Items(stream, self._store, settings.cached_items)
        self._timers = TimerIndex(self._store)
        self._decider = Decider(stream, number, settings, worker.places, self._items, self._timers)
        self._sweeps = Sweeps(stream.snapshots, number, stream.fold_version, self._store, settings)
        worker.metrics.aside.labels(str(number)).set(found.aside)

    def offer(self, records: Sequence[Any]) -> None:
        """Step 3: queue fetched records, but none below what is queued or processed already."""
        expected = self.queue[-1].offset + 1 if self.queue else self.next
        self.queue.extend(record for record in records if record.offset >= expected)
        self._wake.set()

    def stop(self) -> None:
        """Ask for an end after the batch under way."""
        self._stopping = True
        self._wake.set()

    async def release(self) -> None:
        """Step 5: stop the producer and forget everything; the batch under way has ended."""
        await self._producer.stop()
        self._store.close()
        self._worker.metrics.partitions.labels("restored").dec(self.restored)
        self._worker.metrics.forget(self.part.partition)

    async def run(self) -> None:
        """Process batches until asked to stop; a partition has one transaction at a time."""
        while not self._stopping:
            self._wake.clear()
            batch = await self._decide()
            if batch.empty:
                await self._rest()
            else:
                await self._commit(batch)
                await self._pace()

    async def _decide(self) -> Batch:
        """Decide the next batch; it is decided only now, after the commit of the one before."""
        batch = self._new_batch()
        while True:
            try:
                self._decider.fill(batch, self.queue)
                if not self.queue and batch.empty:  # what is decided does not wait for the broker's answer
                    await self._fire_by_clock(batch)
            except DefinitionsBehindError as behind:
                await self._worker.stream.catch_up(behind.version)
                self._decider.caught_up(behind.version)
                batch.outputs.timestamp = self._worker.clock.now()  # changes have come in the meantime
            except SchemaAwaitedError as awaited:
                if not await answered(awaited):
                    await asyncio.sleep(_REGISTRY_PAUSE_S)
                if self._stopping:
                    return batch  # what is decided of it is whole
                batch.outputs.timestamp = self._worker.clock.now()
            except UnknownTopicError as unknown:
                await self._worker.learn(unknown.topic, self._producer)
                batch.outputs.timestamp = self._worker.clock.now()
            else:
                self._worker.metrics.decide_seconds.observe(time.monotonic() - self._last_start)
                return batch

    def _new_batch(self) -> Batch:
        settings, worker = self._worker.settings, self._worker
        self._last_start = time.monotonic()
        outputs = Outputs(self._producer.create_batch, worker.clock.now())
        return Batch(outputs, self.next, self._last_start + settings.batch_ms / 1000)

    async def _fire_by_clock(self, batch: Batch) -> None:
        """Fire by the clock only what was due before the broker was asked and had nothing that is not read."""
        asked = batch.outputs.timestamp - self._worker.settings.timer_grace_ms
        if self._timers.earliest > asked:
            return
        if await self._inbox.nothing_follows(self.part) and not self.queue:
            self._decider.fire_due(batch, asked)

    async def _commit(self, batch: Batch) -> None:
        worker = self._worker
        self._decider.check()
        self._sweeps.close(batch, self._position, self.next)
        reach("decided")
        began = time.monotonic()
        timeout = worker.settings.transaction_timeout_ms / 1000
        end = await commit(self._producer, batch, self.part, worker.stream.name, worker.stream.log, timeout)
        self._apply(batch, end)  # step 4: only now
        reach("applied")
        self.progress = time.monotonic()
        worker.metrics.committed(self.part.partition, batch, self.progress - began)

    def _apply(self, batch: Batch, end: int) -> None:
        """Advance `next` and hand the batch's states, timers and position to the local store, as one."""
        self.next = batch.next
        self._position = max(self._position, end)
        events = batch.counted[names.EVENTS]
        writes = self._sweeps.committed(batch, events)
        self._tell_floor(batch)
        writes.update(self._items.writes(batch.touched))
        writes.update(self._timers.take_writes())
        writes[POSITION], writes[NEXT] = write_number(self._position), write_number(self.next)
        self._store.write(writes)
        self._items.keep(batch.touched)

    def _tell_floor(self, batch: Batch) -> None:
        if batch.snapshotted and not self._sweeps.sweeping:
            self._worker.metrics.floor.labels(str(self.part.partition)).set(self._sweeps.floor)
            self._log.info(names.LOG_SWEPT, floor=self._sweeps.floor)

    async def _rest(self) -> None:
        """Wait for records, for the next timer, or for the end."""
        self.progress = time.monotonic()
        self._worker.metrics.lag.labels(str(self.part.partition)).set(0)
        due_in = (self._timers.earliest - self._worker.clock.now()) / 1000 if self._timers.earliest < NEVER else None
        await self._sleep(None if due_in is None else max(due_in, 0) + self._worker.settings.timer_grace_ms / 1000)

    async def _pace(self) -> None:
        """Let a batch gather: commits cost more than changes, so the next one waits unless enough is queued."""
        settings = self._worker.settings
        label = str(self.part.partition)
        self._worker.metrics.queued.labels(label).set(len(self.queue))
        if self.queue:
            self._worker.metrics.lag.labels(label).set(
                max(self._worker.clock.now() - self.queue[0].timestamp, 0) / 1000
            )
        self._inbox.resume(self)
        left = settings.commit_interval_ms / 1000 - (time.monotonic() - self._last_start)
        if left > 0 and len(self.queue) < settings.batch_records and not self._stopping:
            await asyncio.sleep(left)

    async def _sleep(self, seconds: float | None) -> None:
        alarm = None if seconds is None else asyncio.get_running_loop().call_later(min(seconds, 3600), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            if alarm is not None:
                alarm.cancel()
