"""Wait for what comes of a change: its events in the log, or its dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from automation.envelope import Key, Recorded
from services.cli.edge import wait_for_topic
from services.edge.codec import item_events
from services.edge.kafka import KafkaSettings, consumer
from services.edge.processor.dead_letters import DeadLetter, read_dead_letter
from services.edge.topics import Topics, partition_for

_POLL_MS = 200


class Answer(NamedTuple):
    """What a change led to; neither events nor a dead letter when the time was up."""

    events: list[Recorded]
    refused: DeadLetter | None


class Listener:
    """Reads one partition of the log and of the dead letters, from where they ended when it was opened."""

    def __init__(self, reader: AIOKafkaConsumer, log: TopicPartition) -> None:
        self._reader = reader
        self._log = log
        self._codec = item_events()

    async def answer(self, key: Key, change_id: str, value: bytes, seconds: float) -> Answer:
        """Return the events of the change's transaction, or its dead letter."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = self._look(await self._reader.getmany(timeout_ms=_POLL_MS), key, change_id, value)
                    if found is not None:
                        return found
        except TimeoutError:
            return Answer([], None)

    def _look(self, fetched: dict[TopicPartition, list[Any]], key: Key, change_id: str, value: bytes) -> Answer | None:
        records = [record for part in fetched.values() for record in part if record.key == key.text.encode()]
        log = [self._codec.decode(record.value) for record in records if record.topic == self._log.topic]
        events = [recorded for recorded in log if recorded.envelope.change_id == change_id]
        parked = [read_dead_letter(r) for r in records if r.topic != self._log.topic and r.value == value]
        return Answer(events, parked[0] if parked else None) if events or parked else None


@asynccontextmanager
async def listen(kafka: KafkaSettings, topics: Topics, key: Key) -> AsyncIterator[Listener]:
    """Yield a listener for one item that hears whatever comes after this moment."""
    reader = consumer(kafka, None, offset_reset="none")
    await reader.start()
    try:
        for topic in (topics.events, topics.dead_letters):
            await wait_for_topic(reader, topic)
        number = partition_for(key.text.encode(), len(reader.partitions_for_topic(topics.events) or ()))
        log, dead = TopicPartition(topics.events, number), TopicPartition(topics.dead_letters, number)
        reader.assign([log, dead])
        for part, end in (await reader.end_offsets([log, dead])).items():
            reader.seek(part, end)
        yield Listener(reader, log)
    finally:
        await reader.stop()
