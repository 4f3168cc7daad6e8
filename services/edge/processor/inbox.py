"""The consumer of the inbox, as far as one partition may see it."""

from __future__ import annotations

from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.protocol.offset import OffsetRequest

_ANY_CLIENT = -1
_UNCOMMITTED = 0
_LATEST = -1


class Queued(Protocol):
    """A partition with a queue."""

    part: TopicPartition
    queue: Any


class Inbox:
    """Wraps the group's consumer: positions, pausing and resuming."""

    def __init__(self, consumer: AIOKafkaConsumer, queue_records: int) -> None:
        self._consumer = consumer
        self._limit = queue_records
        self._full: set[TopicPartition] = set()

    async def committed(self, part: TopicPartition) -> int | None:
        """Ask the broker for the committed offset; None where there is none."""
        found: int | None = await self._consumer.committed(part)
        return found

    async def bounds(self, part: TopicPartition) -> tuple[int, int]:
        """Return the first offset and the one behind the last."""
        begin, end = await self._consumer.beginning_offsets([part]), await self._consumer.end_offsets([part])
        return int(begin[part]), int(end[part])

    async def nothing_follows(self, part: TopicPartition) -> bool:
        """Ask the broker whether all that it appended was handed out; False where it cannot say.

        Asked for the high watermark, not the last stable offset: a transaction still open has its append times already.
        A fetch cannot tell this: aiokafka stamps an answer when it reads it, which a busy or stopped process does long
        after the broker gave it.
        """
        client, topic, number = self._consumer._client, part.topic, part.partition
        leader = client.cluster.leader_for_partition(part)
        if leader is None or leader < 0:
            return False
        try:
            request = OffsetRequest(_ANY_CLIENT, _UNCOMMITTED, [(topic, [(number, _LATEST)])])
            response = await client.send(leader, request)
        except KafkaError:
            return False
        _, error, *_, end = response.topics[0][1][0]
        return not error and await self._consumer.position(part) >= end

    def pause_if_full(self, queued: Queued) -> None:
        """Stop fetching for a partition whose queue is long."""
        if len(queued.queue) > self._limit:
            self._full.add(queued.part)
            self._consumer.pause(queued.part)

    def resume(self, queued: Queued) -> None:
        """Fetch again once half of the queue is gone."""
        if queued.part in self._full and len(queued.queue) <= self._limit // 2:
            self._full.discard(queued.part)
            self._consumer.resume(queued.part)

    def forget(self) -> None:
        """Forget who is paused: a rebalance has made all positions anew."""
        self._full.clear()
