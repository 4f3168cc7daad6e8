"""Commits one batch in one Kafka transaction."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import TopicPartition

from services.edge.processor.batch import Batch
from services.edge.processor.points import reach


async def commit(producer: Any, batch: Batch, part: TopicPartition, group: str, log: str, timeout_s: float) -> int:
    """Send and commit a batch, and return the log offset behind its last event, -1 if it has none.

    Whatever is raised from here leaves the fate of the batch open; the caller ends the process (design section 3.5).
    """
    async with asyncio.timeout(timeout_s):
        await producer.begin_transaction()
        reach("begun")
        acknowledged = await _send(producer, batch)
        reach("sending")
        offsets = producer.send_offsets_to_transaction({part: batch.next}, group)
        # Step 4: a record that the broker refuses does not abort the transaction by itself. Every single send is
        # awaited before the commit; the offset travels at the same time, inside the transaction.
        results = await asyncio.gather(offsets, *acknowledged)
        reach("sent")
        await producer.commit_transaction()
    reach("committed")
    ends = [meta.offset + count for meta, count, topic in _of_log(batch, results[1:]) if topic == log]
    return max(ends, default=-1)


async def _send(producer: Any, batch: Batch) -> list[Any]:
    """Hand over all builders; a second one for a partition waits until the first is on its way."""
    acknowledged = []
    for turn in batch.outputs.rounds():
        for topic, partition, builder in turn:
            acknowledged.append(await producer.send_batch(builder, topic, partition=partition))
    return acknowledged


def _of_log(batch: Batch, metadata: list[Any]) -> list[tuple[Any, int, str]]:
    sent = [(builder.record_count(), topic) for turn in batch.outputs.rounds() for topic, _, builder in turn]
    return [(meta, count, topic) for meta, (count, topic) in zip(metadata, sent, strict=True)]
