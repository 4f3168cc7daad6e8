"""Definitions in Kafka: followed in the background, saved in one transaction, read back before the answer.

All editors of a cluster share one transactional id, so none can save what it did not check against all others.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from services.edge.codec import DefinitionCodec
from services.edge.definitions import DefinitionsFollower
from services.gateway.ports import Append, T
from services.gateway.problems import Problem, unavailable

POLL_SECONDS = 0.3
SAVE_SECONDS = 15.0
_TRIES = 8
_PAUSE, _LONGEST_PAUSE = 0.1, 1.6
_UNSURE = "Kafka did not confirm; read the definitions again to see what is in force"


class KafkaShelf:
    """The real shelf. `make_producer` gives an unstarted transactional producer: saves are rare, each has its own."""

    def __init__(
        self,
        follower: DefinitionsFollower,
        codec: DefinitionCodec,
        topic: str,
        make_producer: Callable[[], AIOKafkaProducer],
    ) -> None:
        self._follower = follower
        self._codec = codec
        self._topic = topic
        self._make_producer = make_producer
        self._saving = asyncio.Lock()

    @property
    def book(self) -> Book:
        """See `Shelf`."""
        return self._follower.book

    async def catch_up(self) -> None:
        """See `Shelf`."""
        await self._follower.catch_up(None)

    async def follow(self) -> None:
        """Keep up until cancelled."""
        while True:
            await self._follower.poll()
            await asyncio.sleep(POLL_SECONDS)

    async def edit(self, work: Callable[[Append], Awaitable[T]]) -> T:
        """See `Shelf`."""
        try:
            async with asyncio.timeout(SAVE_SECONDS), self._saving:
                for tried in range(_TRIES):
                    with suppress(ProducerFenced):  # somebody has begun to edit since: begin again
                        return await self._edit(work)
                    pause = min(_PAUSE * 2**tried, _LONGEST_PAUSE)
                    await asyncio.sleep(pause * random.random())  # noqa: S311  two of a kind should not tie
        except (KafkaError, TimeoutError) as error:
            raise unavailable(_UNSURE) from error
        raise Problem(409, "overtaken", "others are saving definitions at this moment: save again")

    async def _edit(self, work: Callable[[Append], Awaitable[T]]) -> T:
        """Start the producer, which ends the edit of whoever began before, and only then read what there is."""
        producer = self._make_producer()
        await producer.start()
        try:
            await self._follower.catch_up(None)
            return await work(partial(self._append, producer))
        finally:
            await producer.stop()

    async def _append(self, producer: AIOKafkaProducer, records: Sequence[DefinitionSaved]) -> int:
        async with producer.transaction():
            sent = [await producer.send(self._topic, self._codec.encode(one), _key(one), 0) for one in records]
            placed = await asyncio.gather(*sent)
        version = int(placed[-1].offset) + 1
        await self._follower.reach(version)
        return version


def _key(record: DefinitionSaved) -> bytes:
    return f"{record.tenant}/{record.kind}/{record.id}".encode()
