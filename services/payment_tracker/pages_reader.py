"""Keeps `PaymentPages` up with `crm.payment-events`: read from its beginning at start, then as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition

from automation.envelope import Recorded
from services.edge.codec import patiently
from services.edge.stream import Headers
from services.payment_tracker.links import PaymentPages

ReadEvent: TypeAlias = Callable[[bytes, Headers], Recorded]
_FETCH_MS = 200


class PagesReader:
    """Folds the whole log, without a group: every process that serves pages has all of them.

    The consumer is a started one that reads committed records only and was not subscribed. An event that cannot be
    read ends `run` with `UnreadableError`: a log is never skipped (design section 2).
    """

    def __init__(self, pages: PaymentPages, consumer: AIOKafkaConsumer, topic: str, read_event: ReadEvent) -> None:
        self._pages = pages
        self._consumer = consumer
        self._topic = topic
        self._read_event = read_event
        self._stopping = asyncio.Event()
        self._ends: dict[TopicPartition, int] = {}
        self.caught_up = asyncio.Event()
        """Set once all that stood in the log at the start is folded; before that a link may look unknown."""

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping.set()

    async def run(self) -> None:
        """Read until `stop`."""
        await self._begin()
        while not self._stopping.is_set():
            fetched = await self._consumer.getmany(timeout_ms=_FETCH_MS)
            for records in fetched.values():
                for record in records:
                    self._pages.apply(await patiently(partial(self._read_event, record.value, record.headers)))
            await self._look_whether_caught_up()

    async def _begin(self) -> None:
        await self._consumer._client._wait_on_metadata(self._topic)
        numbers = self._consumer.partitions_for_topic(self._topic) or set()
        parts = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        self._consumer.assign(parts)
        await self._consumer.seek_to_beginning(*parts)
        self._ends = await self._consumer.end_offsets(parts)

    async def _look_whether_caught_up(self) -> None:
        if self.caught_up.is_set():
            return
        self._ends = {part: end for part, end in self._ends.items() if await self._consumer.position(part) < end}
        if not self._ends:
            self.caught_up.set()
