"""Where the log ends when the service starts: the last committed record of each partition."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition

_STEP = 500


async def last_offsets(reader: AIOKafkaConsumer, topic: str) -> dict[int, int]:
    """Return the offset of each partition's last committed record, -1 where there is none.

    The end alone does not say it: the last offsets may be transaction markers or aborted records, which no consumer
    is ever given. `reader` is started, without a group, and reads committed records.
    """
    await reader._client._wait_on_metadata(topic)  # assigning a topic that the client has never seen fails
    parts = [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic) or ())]
    first, end = await reader.beginning_offsets(parts), await reader.end_offsets(parts)
    return {part.partition: await _last(reader, part, first[part], end[part]) for part in parts}


async def _last(reader: AIOKafkaConsumer, part: TopicPartition, first: int, end: int) -> int:
    step, found = _STEP, -1
    reader.assign([part])
    while found < 0 and end > first:
        start = max(first, end - step)
        reader.seek(part, start)
        while await reader.position(part) < end:
            batch = (await reader.getmany(part, timeout_ms=200)).get(part, ())
            found = max((found, *(record.offset for record in batch if record.offset < end)))
        if start == first:
            break
        step *= 4
    return found
