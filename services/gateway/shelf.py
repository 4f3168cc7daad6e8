"""Definitions in Kafka: followed in the background, saved in one transaction, read back before the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from services.edge.codec import DefinitionCodec
from services.edge.definitions import DefinitionsFollower
from services.gateway.problems import unavailable

POLL_SECONDS = 0.3
SAVE_SECONDS = 15.0
_LOOK_AGAIN = 0.02
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

    async def append(self, records: Sequence[DefinitionSaved]) -> int:
        """See `Shelf`."""
        try:
            async with asyncio.timeout(SAVE_SECONDS), self._saving:
                version = await self._write(records) + 1
                while self.book.version < version:
                    await self._follower.catch_up(None)
                    await asyncio.sleep(_LOOK_AGAIN)
        except (KafkaError, TimeoutError) as error:
            raise unavailable(_UNSURE) from error
        return version

    async def _write(self, records: Sequence[DefinitionSaved]) -> int:
        """Write the records and return the offset of the last one."""
        producer = self._make_producer()
        await producer.start()
        try:
            async with producer.transaction():
                sent = [await producer.send(self._topic, self._codec.encode(one), _key(one), 0) for one in records]
                placed = await asyncio.gather(*sent)
        finally:
            await producer.stop()
        return int(placed[-1].offset)


def _key(record: DefinitionSaved) -> bytes:
    return f"{record.tenant}/{record.kind}/{record.id}".encode()
