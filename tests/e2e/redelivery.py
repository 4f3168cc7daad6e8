"""Records of a real Kafka sent again as they were: whoever reads them must not do anything twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiokafka import ConsumerRecord, TopicPartition

from automation.values import Moment
from services.edge.kafka import KafkaSettings, consumer, producer
from tests.e2e.company import Company, eventually

T = TypeVar("T")
INBOXES = ("crm.changes", "crm.payments", "crm.effects")
"""Topics of what comes in, and of what goes out to be performed."""


def at_rest(company: Company, look: Callable[[], T]) -> T:
    """Return what people see when nothing is under way any more: answers still to come would change it."""

    def still() -> T | None:
        first = look()
        return first if company.at_rest() and look() == first else None

    return eventually(still)


async def _all(kafka: KafkaSettings, topics: Sequence[str]) -> list[ConsumerRecord[bytes, bytes]]:
    reader: Any = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    try:
        found = []
        for topic in topics:
            await reader._client._wait_on_metadata(topic)
            parts = [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic))]
            reader.assign(parts)
            ends = await reader.end_offsets(parts)
            await reader.seek_to_beginning(*parts)
            while any([await reader.position(part) < end for part, end in ends.items()]):
                found += [one for batch in (await reader.getmany(timeout_ms=500)).values() for one in batch]
        return found
    finally:
        await reader.stop()


async def deliver_again(kafka: KafkaSettings, prefix: str, since: Moment = 0) -> int:
    """Send every record of the inboxes since a moment again as it was, each twice in a row; return how many."""
    found = await _all(kafka, [f"{prefix}{name}" for name in INBOXES])
    records = [one for one in found if one.timestamp >= since]
    sender = producer(kafka)
    await sender.start()
    try:
        for one in records:
            for _ in range(2):
                await sender.send(one.topic, one.value, one.key, partition=one.partition, headers=list(one.headers))
        await sender.flush()
    finally:
        await sender.stop()
    return len(records)
