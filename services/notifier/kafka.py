"""Kafka as `notifier` uses it: effects in, outcomes and dead letters out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError

from services.edge import names
from services.edge.clock import Clock
from services.edge.log import logger
from services.edge.processor.dead_letters import Origin
from services.edge.processor.dead_letters import parked as dead_letter
from services.edge.stream import Headers, Output
from services.notifier.intake import Intake
from services.notifier.ports import Incoming, Parked, Unavailable

HINT_EVERY_MS: Final = 1_000
_Record: TypeAlias = tuple[str, int | None, bytes | None, bytes | None, Headers]
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
        await self._store([(o.topic, None, o.key, o.value, o.headers) for o in outputs])

    async def park(self, parked: Sequence[Parked]) -> None:
        """Store dead letters, each in the partition of the same number as its own."""
        await self._store([self._letter(one) for one in parked])

    def _letter(self, parked: Parked) -> _Record:
        record = parked.record
        origin = Origin(record.topic, record.partition, record.offset, record.timestamp)
        found = dead_letter(
            self._dead_letters, record.partition, (record.key, record.value, record.headers), origin, parked.fault
        )
        return found.topic, found.partition, found.key, found.value, found.headers

    async def _store(self, records: Sequence[_Record]) -> None:
        try:
            stored = [
                await self._producer.send(topic, value, key, partition=partition, headers=list(headers))
                for topic, partition, key, value, headers in records
            ]
            await asyncio.gather(*stored)
        except KafkaError as error:
            raise _passing(error) from error


def _passing(error: KafkaError) -> Exception:
    """Return the error as `Unavailable` if it may pass, else as it is."""
    return Unavailable(type(error).__name__) if error.retriable else error


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Counts generations: what was fetched in an earlier one is dropped, and read again from the stored position."""

    def __init__(self) -> None:
        self.generation = 0

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Note that partitions may now belong to others."""
        self.generation += 1

    async def on_partitions_assigned(self, assigned: object) -> None:
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
    def ready(self) -> bool:
        """Whether the partitions of the last assignment are read, each from its stored position."""
        return self._assignment.generation > 0 and self._sought == self._assignment.generation

    async def turn(self) -> int:
        """Fetch once and copy what came; return the number of effects copied.

        Raises `Unavailable` while Kafka is away, `LostPositionError` and `StopError` where people must look.
        """
        try:
            return await self._turn()
        except NoOffsetForPartitionError:
            self.again()  # resolved before our seek: it is ours that counts
            return 0
        except KafkaError as error:
            self.again()
            raise _passing(error) from error

    async def _turn(self) -> int:
        generation = self._assignment.generation
        if self._sought != generation and not await self._seek(generation):
            return 0
        fetched = await self._consumer.getmany(timeout_ms=_FETCH_MS, max_records=_FETCH_RECORDS)
        copied = 0
        for partition, batch in fetched.items():
            if self._assignment.generation != generation or partition not in self._next:
                self.again()  # the rest is dropped, and read again after the seek
                break
            copied += await self._take(partition, batch)
        await self._hint_now_and_then()
        return copied

    async def _take(self, partition: TopicPartition, batch: Sequence[ConsumerRecord]) -> int:
        found = await self._intake.take([_incoming(record) for record in batch])
        if found is None:
            logger().warning(names.LOG_EFFECTS_OVERTAKEN, partition=partition.partition, offset=batch[-1].offset)
            self.again()
            return 0
        self._next[partition] = batch[-1].offset + 1
        if found.parked:
            logger().warning(names.LOG_PARKED, partition=partition.partition, count=len(found.parked))
        return len(found.effects)

    async def _seek(self, generation: int) -> bool:
        partitions = sorted(self._consumer.assignment())
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
            logger().info(names.LOG_KAFKA_UNAVAILABLE, part="hint", error=type(error).__name__)


def _incoming(record: ConsumerRecord) -> Incoming:
    place = (record.topic, record.partition, record.offset)
    return Incoming(*place, record.key, record.value, tuple(record.headers), record.timestamp)
