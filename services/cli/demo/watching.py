"""Follows the two logs and the dead letters from where they end when the demo begins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from automation.envelope import Recorded
from services.edge.codec import item_changes, item_events, payment_changes, payment_events
from services.edge.kafka import KafkaSettings, consumer
from services.edge.processor.dead_letters import DeadLetter, read_dead_letter
from services.edge.stream import UnreadableError
from services.edge.topics import Topics

_POLL_MS = 100
_MOST = 5_000


class Seen(NamedTuple):
    """What one look at the logs has found; committed records alone."""

    items: list[Recorded]
    payments: list[Recorded]
    refused: list[DeadLetter]


class Watcher:
    """Reads what is appended to the logs."""

    def __init__(self, reader: AIOKafkaConsumer, topics: Topics) -> None:
        self._reader = reader
        self._topics = topics
        self._items, self._payments = item_events(), payment_events()

    async def look(self) -> Seen:
        """Return what was appended since the last look; waits a moment if that is nothing."""
        seen = Seen([], [], [])
        fetched = await self._reader.getmany(timeout_ms=_POLL_MS, max_records=_MOST)
        for part, records in fetched.items():
            if part.topic == self._topics.events:
                seen.items.extend(self._items.decode(record.value) for record in records)
            elif part.topic == self._topics.payment_events:
                seen.payments.extend(self._payments.decode(record.value) for record in records)
            else:
                seen.refused.extend(read_dead_letter(record) for record in records)
        return seen

    def change_of(self, letter: DeadLetter) -> str:
        """Return the id of a refused change; empty for what cannot be read."""
        codec = payment_changes() if letter.origin.topic == self._topics.payments else item_changes()
        try:
            return codec.decode(letter.value or b"")[0].change_id
        except UnreadableError:
            return ""


@asynccontextmanager
async def watch(kafka: KafkaSettings, topics: Topics) -> AsyncIterator[Watcher]:
    """Yield a watcher that sees all that comes after this moment."""
    reader = consumer(kafka, None, offset_reset="none")
    await reader.start()
    try:
        parts = [part for name in (topics.events, topics.payment_events, topics.dead_letters)
                 for part in await _parts(reader, name)]  # fmt: skip
        reader.assign(parts)
        for part, end in (await reader.end_offsets(parts)).items():
            reader.seek(part, end)
        yield Watcher(reader, topics)
    finally:
        await reader.stop()


async def _parts(reader: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    client: Any = reader._client
    await client._wait_on_metadata(topic)  # assigning a topic never seen fails
    return [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic) or ())]
