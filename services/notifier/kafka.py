"""Kafka as `notifier` uses it: effects in, outcomes and dead letters out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError

from services.edge.clock import Clock
from services.edge.stream import Output
from services.notifier.dead_letters import dead_letter
from services.notifier.intake import Intake
from services.notifier.ports import Incoming, Parked, Unavailable

log = structlog.get_logger("notifier")

HINT_EVERY_MS: Final = 5_000
_FETCH_MS = 500
_FETCH_RECORDS = 1_000


class LostPositionError(Exception):
    """The position stored for a partition is not in the topic any more: records were lost, or it is another topic."""


class KafkaRecords:
    """Sends records with an idempotent producer and waits for every one of them."""

    def __init__(self, producer: AIOKafkaProducer, dead_letters: str) -> None:
        self._producer = producer
        self._dead_letters = dead_letters

    async def send(self, outputs: Sequence[Output]) -> None:
        """Produce records; returns when all are stored."""
        try:
            stored = [await self._producer.send(o.topic, o.value, o.key, headers=list(o.headers)) for o in outputs]
            await asyncio.gather(*stored)
        except KafkaError as error:
            if not error.retriable:
                raise
            raise Unavailable(type(error).__name__) from error

    async def park(self, parked: Sequence[Parked]) -> None:
        """Store dead letters."""
        await self.send([dead_letter(self._dead_letters, one) for one in parked])


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Counts generations: what was fetched in an earlier one is dropped, and read again from the stored position."""

    def __init__(self) -> None:
        self.generation = 0

    async def on_partitions_revoked(self, revoked: object) -> None:  # noqa: ARG002 - the face that aiokafka calls
        """Note that partitions may now belong to others."""
        self.generation += 1

    async def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002 - the face that aiokafka calls
        """Note that partitions may be new to us."""
        self.generation += 1


class EffectsConsumer:
    """Reads `crm.effects` from the positions in the database; offsets in Kafka are a hint for those who watch lag."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, intake: Intake, clock: Clock) -> None:
        self._consumer = consumer
        self._topic = topic
        self._intake = intake
        self._clock = clock
        self._assignment = _Assignment()
        self._sought = -1
        self._next: dict[TopicPartition, int] = {}
        self._hinted_at = 0

    async def start(self) -> None:
        """Join the group."""
        self._consumer.subscribe([self._topic], listener=self._assignment)
        await self._consumer.start()

    async def stop(self) -> None:
        """Leave the group, with a last hint."""
        await self._hint()
        await self._consumer.stop()

    def again(self) -> None:
        """Read again from the stored positions: what was fetched last could not be copied."""
        self._sought = -1

    @property
    def assigned(self) -> int:
        """Number of partitions read now."""
        return len(self._consumer.assignment()) if self._sought == self._assignment.generation else 0

    async def turn(self) -> int:
        """Fetch once and copy what came; return the number of effects copied."""
        generation = self._assignment.generation
        if self._sought != generation and not await self._seek(generation):
            return 0
        try:
            fetched = await self._consumer.getmany(timeout_ms=_FETCH_MS, max_records=_FETCH_RECORDS)
        except NoOffsetForPartitionError:
            self._sought = -1  # resolved before our seek: it is ours that counts
            return 0
        copied = 0
        for partition, batch in fetched.items():
            if self._assignment.generation != generation:
                break  # dropped, and read again after the seek
            copied += await self._take(partition, batch)
        await self._hint_now_and_then()
        return copied

    async def _take(self, partition: TopicPartition, batch: Sequence[ConsumerRecord]) -> int:
        found = await self._intake.take([_incoming(record) for record in batch])
        if found is None:
            log.warning("effects.overtaken", partition=partition.partition, offset=batch[-1].offset)
            self.again()
            return 0
        self._next[partition] = batch[-1].offset + 1
        if found.parked:
            log.warning("effects.parked", partition=partition.partition, count=len(found.parked))
        return len(found.effects)

    async def _seek(self, generation: int) -> bool:
        partitions = sorted(self._consumer.assignment())
        if not partitions:
            await asyncio.sleep(0.05)
            return False
        first = await self._consumer.beginning_offsets(partitions)
        last = await self._consumer.end_offsets(partitions)
        places = {one: await self._place(one, first[one], last[one]) for one in partitions}
        if self._assignment.generation != generation:
            return False
        for partition, place in places.items():
            self._consumer.seek(partition, place)
        self._next, self._sought = places, generation
        return True

    async def _place(self, partition: TopicPartition, first: int, last: int) -> int:
        stored = await self._intake.position(partition.topic, partition.partition)
        if stored is None:
            return first
        if not first <= stored <= last:
            raise LostPositionError(
                f"{partition.topic}-{partition.partition}: stored position {stored}, topic holds {first} to {last}"
            )
        return stored

    async def _hint_now_and_then(self) -> None:
        if self._clock.now() - self._hinted_at >= HINT_EVERY_MS:
            self._hinted_at = self._clock.now()
            await self._hint()

    async def _hint(self) -> None:
        held = self._consumer.assignment()
        offsets = {partition: place for partition, place in self._next.items() if partition in held}
        try:
            if offsets:
                await self._consumer.commit(offsets)
        except KafkaError as error:
            log.info("effects.hint_refused", error=type(error).__name__)


def _incoming(record: ConsumerRecord) -> Incoming:
    return Incoming(record.topic, record.partition, record.offset, record.key, record.value, tuple(record.headers))
