"""The consume-decide-append loop of one worker: fetches for all its partitions, each of which commits for itself.

The numbered steps are those of docs/decisions/0005-transactional-loop.md; each stands where it is taken.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import CollectorRegistry

from services.edge import names
from services.edge.clock import Clock, SystemClock
from services.edge.kafka import KafkaSettings
from services.edge.local_store import MemoryStore, RocksStore
from services.edge.log import logger
from services.edge.processor.clients import Clients, KafkaClients
from services.edge.processor.ending import End, end_process
from services.edge.processor.identity import topic_identity
from services.edge.processor.inbox import Inbox
from services.edge.processor.metrics import Metrics
from services.edge.processor.outputs import Places
from services.edge.processor.partition import Partition
from services.edge.processor.points import reach
from services.edge.processor.rebalance import Listener
from services.edge.processor.settings import ProcessorSettings
from services.edge.processor.worker import Worker
from services.edge.stream import Stream
from services.edge.topics import LARGEST_CHANGE
from services.edge.write_behind import WriteBehind

_FETCH_MS = 200
_COLLECT_AFTER = (50_000, 20, 50)
"""A change makes dozens of objects that live no longer than its batch, and states hold no cycles: the defaults look
through the youngest objects at every tenth change, which was 5 % of a worker's time; so it is 0.5 %."""


class Processor:
    """One worker of a stream: `run` until `stop`.

    Doubt ends the process through `end` (exit code 70), never an exception that someone could catch and go on from.
    """

    def __init__(
        self, stream: Stream[Any, Any], settings: ProcessorSettings, kafka: KafkaSettings, clock: Clock | None = None,
        *, clients: Clients | None = None, registry: CollectorRegistry | None = None, end: End = end_process,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._stream = stream
        largest_of = {stream.inbox: LARGEST_CHANGE, **settings.largest_of}
        self.metrics = Metrics(registry or CollectorRegistry())
        self._worker = Worker(
            stream, settings, clients or KafkaClients(stream.name, settings, kafka), clock or SystemClock(),
            self.metrics, Places({}, settings.largest_record, largest_of), asyncio.Semaphore(settings.restore_at_once),
        )  # fmt: skip
        self._end = end
        self._partitions: dict[TopicPartition, Partition] = {}
        self._tasks: dict[TopicPartition, asyncio.Task[None]] = {}
        self._generation = 0
        self._restores: list[asyncio.Task[None]] = []
        self._assigned = False
        self._stopping = asyncio.Event()
        self._turned = time.monotonic()
        self._log = logger()

    def stop(self) -> None:
        """Ask for an orderly end: batches under way are committed, then the group is left."""
        self._stopping.set()

    def alive(self) -> str:
        """Return why the worker should be restarted, empty while all goes well; asked by the health port."""
        now, limit = time.monotonic(), self._settings.stuck_after_s
        if now - self._turned > limit:
            return f"the loop has not turned for {now - self._turned:.0f} s"
        stuck = [
            part
            for part, each in self._partitions.items()
            if each.restored and each.queue and now - each.progress > limit
        ]
        return f"no progress on {stuck}" if stuck else ""

    def ready(self) -> str:
        """Return why the worker is not ready: not assigned, or not restored; empty when it is."""
        if not self._assigned:
            return "no assignment yet"
        waiting = [part.partition for part, each in self._partitions.items() if not each.restored]
        return f"restoring partitions {waiting}" if waiting else ""

    async def run(self) -> None:
        """Process until `stop`; returns after the last commit, having left the group."""
        self._consumer: AIOKafkaConsumer = self._worker.clients.inbox()
        self._inbox = Inbox(self._consumer, self._settings.queue_records)
        try:
            await self._consumer.start()
            await self._prepare()
            self._consumer.subscribe([self._stream.inbox], listener=Listener(self._take, self._give_back, self._end))
            self._log.info(names.LOG_STARTED, stream=self._stream.name)
            await self._loop()
        except Exception as error:  # noqa: BLE001 - the outermost frame of the loop: whatever it is, it ends the process
            self._end("the loop failed", error)
        await self._shut_down()

    async def _prepare(self) -> None:
        """Read what all partitions need: definitions to their end, partition counts, the identity of the log."""
        stream, client = self._stream, self._consumer._client
        await stream.catch_up(None)
        for topic in (stream.inbox, stream.log, stream.snapshots, stream.dead_letters):
            await client._wait_on_metadata(topic)
            self._worker.places.counts[topic] = len(self._consumer.partitions_for_topic(topic) or ())
        self._worker.identity = await topic_identity(client, stream.log)
        gc.freeze()  # catalogue, definitions and codecs stay for good
        gc.set_threshold(*_COLLECT_AFTER)

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            self._turned = time.monotonic()
            self._seek()
            generation = self._generation
            fetched = await self._consumer.getmany(timeout_ms=_FETCH_MS)
            # Step 3: no await lies between this check and the queues, so a fetch of an old generation is dropped as a
            # whole; the next turn seeks to `next` again. That is what the lock of the protocol is for.
            if generation != self._generation:
                continue
            self._distribute(fetched)

    def _seek(self) -> None:
        """Step 2: the loop, not the callback, seeks to `next`, before the first fetch of a generation."""
        for part, owned in self._partitions.items():
            if owned.restored and part not in self._tasks:
                self._consumer.seek(part, owned.next)
                self._consumer.resume(part)
                self._tasks[part] = self._start(owned.run())
                reach("sought")

    def _distribute(self, fetched: dict[TopicPartition, list[Any]]) -> None:
        for part, records in fetched.items():
            owned = self._partitions.get(part)
            if owned is None or part not in self._tasks:
                continue  # not sought yet: whatever this is, it is below a position that the loop chose
            reach("fetched")
            owned.offer(records)
            self._inbox.pause_if_full(owned)

    async def _take(self, parts: set[TopicPartition]) -> None:
        """Step 1: fence every partition that was given, then restore each behind its fence, outside this callback."""
        self._generation += 1
        self._inbox.forget()
        if self._stopping.is_set():
            return  # the shut-down may not have closed the stores of these very partitions yet, and nothing reads them
        for part in parts:
            # Any valid position keeps aiokafka from resolving one by itself; nothing is fetched while it is paused.
            self._consumer.seek(part, 0)
            self._consumer.pause(part)
        reach("assigned")
        owned = {part: Partition(self._worker, self._inbox, part, self._open_store(part)) for part in parts}
        await asyncio.gather(*(each.fence() for each in owned.values()))
        self._partitions = owned
        self._restores = [self._start(each.restore()) for each in owned.values()]
        self._assigned = True
        self.metrics.partitions.labels("assigned").set(len(parts))
        self._log.info(names.LOG_ASSIGNED, partitions=sorted(part.partition for part in parts))

    async def _give_back(self, parts: set[TopicPartition]) -> None:
        """Step 5: let the batches under way end, stop the producers, forget `next`."""
        self._generation += 1
        self._assigned = False
        self.metrics.partitions.labels("assigned").set(0)
        if parts:
            self._log.info(names.LOG_REVOKED, partitions=sorted(part.partition for part in parts))
        reach("revoked")
        await self._release()
        reach("released")

    async def _release(self) -> None:
        partitions, tasks, restores = self._partitions, self._tasks, self._restores
        self._partitions, self._tasks, self._restores = {}, {}, []
        for restore in restores:
            restore.cancel()
        for owned in partitions.values():
            owned.stop()
        await asyncio.gather(*restores, *tasks.values(), return_exceptions=True)
        await asyncio.gather(*(owned.release() for owned in partitions.values()))

    async def _shut_down(self) -> None:
        """End within the time a supervisor gives: what is not committed by then is done again by the next owner."""
        self._generation += 1
        async with asyncio.timeout(self._settings.stop_timeout_s):
            await self._release()
            await self._consumer.stop()
        self._log.info(names.LOG_STOPPED, stream=self._stream.name)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a partition's work; whatever ends it but the end itself is doubt, and ends the process (step 5)."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._judge)
        return task

    def _judge(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._end("a partition failed", error)

    def _open_store(self, part: TopicPartition) -> WriteBehind:
        settings, name = self._settings, f"{self._stream.name}-{part.partition}"
        kept = RocksStore(settings.data_dir / name, settings.store_limits) if settings.data_dir else MemoryStore()
        return WriteBehind(kept, settings.checkpoint_keys, settings.checkpoint_s)
