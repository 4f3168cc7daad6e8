"""Follow `crm.definitions`: its offset is the definitions version (design section 2)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Protocol

from automation.definitions.book import Book
from services.edge.codec import DefinitionCodec, patiently

_WAIT_MS = 100
"""Of an aborted save nothing is handed out, only the position passes it: look at it often."""
_LOOK_AGAIN = 0.02


class DefinitionsReader(Protocol):
    """A consumer of the single definitions partition, `read_committed`, without a group."""

    async def poll(self, timeout_ms: int) -> list[tuple[int, bytes]]:
        """Return the next records as (offset, value); empty when there is nothing new."""
        ...

    async def end(self) -> int:
        """Return the offset after the last committed record or transaction marker."""
        ...

    async def position(self) -> int:
        """Return the offset of the next record or marker to read."""
        ...

    async def close(self) -> None:
        """Free what the reader holds."""
        ...


class Definitions(Protocol):
    """Definitions that a stream decides with."""

    book: Book

    async def catch_up(self, version: int | None) -> None:
        """Read up to a version, or to the end when None."""
        ...


class FixedDefinitions:
    """Definitions that never change: the double of `DefinitionsFollower`."""

    def __init__(self, book: Book) -> None:
        self.book = book

    async def catch_up(self, version: int | None) -> None:
        """Have nothing to read."""


class DefinitionsFollower:
    """Keeps a `Book` up with the topic; versions never go back."""

    def __init__(self, book: Book, codec: DefinitionCodec, reader: DefinitionsReader) -> None:
        self.book = book
        self._codec = codec
        self._reader = reader
        self._lock = asyncio.Lock()

    async def catch_up(self, version: int | None) -> None:
        """Read up to `version`, or to the end when None; a version that does not exist (yet) is not waited for."""
        if version is not None and version <= self.book.version:
            return
        async with self._lock:
            end = await self._reader.end()
            upto = end if version is None else min(end, version)
            while await self._reader.position() < upto:
                await self._step(_WAIT_MS)

    async def reach(self, version: int) -> None:
        """Read until a version that was just saved: what Kafka has confirmed it may show some moments later."""
        while self.book.version < version:
            await self.catch_up(None)
            await asyncio.sleep(_LOOK_AGAIN)

    async def poll(self) -> None:
        """Take over what is new without waiting."""
        if not self._lock.locked():
            async with self._lock:
                await self._step(0)

    async def _step(self, timeout_ms: int) -> None:
        for offset, value in await self._reader.poll(timeout_ms):
            self.book.apply(await patiently(partial(self._codec.decode, value)), offset)


class KafkaDefinitionsReader:
    """The real reader, on an assigned aiokafka consumer."""

    def __init__(self, consumer: Any, partition: Any) -> None:
        self._consumer = consumer
        self._partition = partition

    async def poll(self, timeout_ms: int) -> list[tuple[int, bytes]]:
        """Return the next records as (offset, value)."""
        found = await self._consumer.getmany(self._partition, timeout_ms=timeout_ms)
        return [(record.offset, record.value) for record in found.get(self._partition, ())]

    async def end(self) -> int:
        """Return the offset after the last record or marker."""
        ends = await self._consumer.end_offsets([self._partition])
        return int(ends[self._partition])

    async def position(self) -> int:
        """Return the consumer's position, which passes markers too."""
        return int(await self._consumer.position(self._partition))

    async def close(self) -> None:
        """Close the consumer."""
        await self._consumer.stop()
