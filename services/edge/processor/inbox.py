"""The consumer of the inbox, as far as one partition may see it."""

from __future__ import annotations

from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition

from automation.values import Moment


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

    async def read_to_end_at(self, part: TopicPartition) -> Moment:
        """Return when a fetch last showed that nothing lies behind what was handed out; 0 if something does."""
        highwater = self._consumer.highwater(part)
        if highwater is None or await self._consumer.position(part) < highwater:
            return 0
        return int(self._consumer.last_poll_timestamp(part) or 0)

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
