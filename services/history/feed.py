"""Reads the logs from the positions in the database; offsets in Kafka are a hint for those who watch lag."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError

from services.edge.log import logger
from services.edge.sql import PositionRefusedError

Fetched: TypeAlias = Mapping[TopicPartition, Sequence[ConsumerRecord]]

HINT_EVERY_S = 1.0
_FETCH_MS = 200
_FETCH_RECORDS = 5_000


class LostPositionError(Exception):
    """A stored position is not in its topic any more: it is another topic, or records were lost. People must look."""


class Sink(Protocol):
    """Takes what was fetched, together with the positions after it."""

    async def position(self, part: TopicPartition) -> int | None:
        """Return the offset to read next, or `None` where nothing was read yet."""
        ...

    async def take(self, fetched: Fetched, positions: Mapping[TopicPartition, int]) -> None:
        """Store a fetch; raises `PositionRefusedError` where another owner was faster."""
        ...


class Generations(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Counts rebalances: what was fetched before one is dropped, and read again from the stored position."""

    def __init__(self) -> None:
        self.count = 0

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Note that partitions may now belong to others."""
        self.count += 1

    async def on_partitions_assigned(self, assigned: object) -> None:
        """Note that partitions may be new to us."""
        self.count += 1


class LogFeed:
    """Feeds a sink from topics, fetch by fetch; a partition's records come in order, none is left out."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Sequence[str], sink: Sink) -> None:
        self._consumer = consumer
        self._topics = topics
        self._sink = sink
        self._generations = Generations()
        self._sought = -1
        self._hinted_at = 0.0
        self._writing: asyncio.Task[int] | None = None
        self.next: dict[TopicPartition, int] = {}
        """The offset to read next of each partition that is read now."""

    async def start(self) -> None:
        """Join the group."""
        self._consumer.subscribe(list(self._topics), listener=self._generations)
        await self._consumer.start()

    async def stop(self) -> None:
        """Leave the group, with a last hint, after the write under way."""
        if self._writing:
            await asyncio.wait([self._writing])
        await self._hint()
        await self._consumer.stop()

    @property
    def assigned(self) -> int:
        """Number of partitions read now."""
        return len(self.next) if self._sought == self._generations.count else 0

    def lag(self) -> dict[TopicPartition, int]:
        """Return how many offsets lie between the position and the end of each partition, as far as known."""
        ends = {part: self._consumer.highwater(part) for part in self.next if part in self._consumer.assignment()}
        return {part: max(0, end - self.next[part]) for part, end in ends.items() if end is not None}

    async def turn(self) -> int:
        """Fetch once, and store it while the next turn fetches; return the number of records that the last one stored.

        Raises what the sink raised.
        """
        generation = self._generations.count
        if self._sought != generation:
            await self._settled()  # the positions to seek are those after what is being written
            if not await self._seek(generation):
                return 0
        try:
            fetched = await self._consumer.getmany(timeout_ms=_FETCH_MS, max_records=_FETCH_RECORDS)
        except NoOffsetForPartitionError:
            self._sought = -1  # the consumer resolved a position before our seek: it is ours that counts
            return 0
        stored = await self._settled()
        if self._sought == self._generations.count == generation:
            moved = await self._moved()
            if moved:
                self._writing = asyncio.create_task(self._store(fetched, moved))
        # Else dropped, and read again after the seek.
        await self._hint_now_and_then()
        return stored

    async def _settled(self) -> int:
        """Wait for the write under way; return how much it stored."""
        writing, self._writing = self._writing, None
        return await writing if writing else 0

    async def _moved(self) -> dict[TopicPartition, int]:
        """Return the positions after what was fetched, markers of transactions included: a search waits for them."""
        places = {part: await self._consumer.position(part) for part in self.next}
        return {part: place for part, place in places.items() if place > self.next[part]}

    async def _store(self, fetched: Fetched, positions: Mapping[TopicPartition, int]) -> int:
        try:
            await self._sink.take(fetched, positions)
        except PositionRefusedError as error:
            logger().warning("history_overtaken", context=error.context, position=error.position)
            self._sought = -1
            return 0
        # Of a generation that has passed the seek finds the positions: these may be another owner's by now.
        self.next.update({part: place for part, place in positions.items() if part in self.next})
        return sum(len(batch) for batch in fetched.values())

    async def _seek(self, generation: int) -> bool:
        parts = sorted(self._consumer.assignment())
        if not parts:
            await asyncio.sleep(0.05)
            return False
        first, last = await self._consumer.beginning_offsets(parts), await self._consumer.end_offsets(parts)
        places = {part: await self._place(part, first[part], last[part]) for part in parts}
        if self._generations.count != generation:
            return False
        for part, place in places.items():
            self._consumer.seek(part, place)
        self.next, self._sought = places, generation
        return True

    async def _place(self, part: TopicPartition, first: int, last: int) -> int:
        stored = await self._sink.position(part)
        if stored is None:
            return first
        if not first <= stored <= last:
            raise LostPositionError(
                f"{part.topic}-{part.partition}: the index stands at {stored}, the topic holds {first} to {last}; "
                "if the topic is a new one, start with an empty database"
            )
        return stored

    async def _hint_now_and_then(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._hinted_at >= HINT_EVERY_S:
            self._hinted_at = now
            await self._hint()

    async def _hint(self) -> None:
        held: Any = self._consumer.assignment()
        offsets = {part: place for part, place in self.next.items() if part in held}
        try:
            if offsets:
                await self._consumer.commit(offsets)
        except KafkaError as error:
            logger().info("history_hint_refused", error=type(error).__name__)
