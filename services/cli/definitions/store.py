"""Read and save definitions in Kafka: one transaction an apply, and only on top of what was read (design section 2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced

from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from automation.definitions.tenant_view import EVERYWHERE, TenantView
from services.cli.edge import wait_for_topic
from services.deal_stream.bootstrap import catalogue, definitions
from services.edge.codec import DefinitionCodec
from services.edge.definitions import DefinitionsFollower
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.topics import Topics

_SHOWN_SECONDS = 15.0


class SavingError(Exception):
    """It is not certain for whoever saves that all is in force; the message says what to do."""


class ConflictError(SavingError):
    """Somebody else saved in the meantime: nothing of this apply is in force; read again and repeat."""


class UnseenError(SavingError):
    """Kafka has confirmed the apply and does not show it in time."""


class DefinitionStore:
    """The definitions as of the last `refresh`, and the way to save more."""

    def __init__(self, followed: DefinitionsFollower, sender: AIOKafkaProducer | None, topic: str) -> None:
        self._followed = followed
        self._sender = sender
        self._topic = topic
        self._codec = DefinitionCodec()

    @property
    def book(self) -> Book:
        """All definitions in force."""
        return self._followed.book

    @property
    def version(self) -> int:
        """The definitions version in force."""
        return self.book.version

    def view(self, tenant: str) -> TenantView:
        """Return what a tenant has defined, an empty view for a new one; `EVERYWHERE` has the kill switches of all."""
        if tenant == EVERYWHERE:
            return self.book.everywhere
        return self.book.tenant(tenant) or TenantView(tenant, catalogue())

    async def refresh(self) -> None:
        """Read to the end."""
        await self._followed.catch_up(None)

    async def save(self, records: Sequence[DefinitionSaved]) -> int:
        """Write the records in one transaction and return the version that they got; raises SavingError."""
        if self._sender is None:
            raise RuntimeError("opened for reading alone")
        try:
            async with self._sender.transaction():
                sent = [await self._send(self._sender, saved) for saved in records]
                placed = await asyncio.gather(*sent)
        except ProducerFenced as error:
            raise ConflictError("somebody else has begun to apply definitions: run it again") from error
        await self._reach(int(placed[-1].offset) + 1)
        self._check_taken(records)
        return self.version

    async def _reach(self, version: int) -> None:
        """Read what was saved: a commit is confirmed moments before its records can be read."""
        try:
            async with asyncio.timeout(_SHOWN_SECONDS):
                await self._followed.reach(version)
        except TimeoutError as error:
            raise UnseenError("saved, but not to be read yet: `stagewire definitions list` shows it later") from error

    async def _send(self, sender: AIOKafkaProducer, saved: DefinitionSaved) -> asyncio.Future[Any]:
        key = f"{saved.tenant}/{saved.kind}/{saved.id}".encode()
        sent: asyncio.Future[Any] = await sender.send(self._topic, self._codec.encode(saved), key)
        return sent

    def _check_taken(self, records: Sequence[DefinitionSaved]) -> None:
        lost = [f"{r.kind}/{r.id}" for r in records if self.view(r.tenant).versions.get((r.kind, r.id), 0) < r.version]
        if lost:
            raise ConflictError(f"somebody else has saved {', '.join(lost[:5])} in the meantime: run it again")


async def _followed(stack: AsyncExitStack, kafka: KafkaSettings, topics: Topics) -> DefinitionsFollower:
    """Enter the follower; a topic that Kafka does not know of after a while is told as missing."""
    asked = consumer(kafka, None, offset_reset="none")
    await asked.start()
    try:
        await wait_for_topic(asked, topics.definitions)
    finally:
        await asked.stop()
    return await stack.enter_async_context(definitions(kafka, topics))


@asynccontextmanager
async def open_store(kafka: KafkaSettings, topics: Topics, *, writing: bool = False) -> AsyncIterator[DefinitionStore]:
    """Yield a store that has read to the end.

    For writing, its producer starts first: whoever edited before, here or by the API, is fenced or done, so reading
    sees all there is, and what is saved was checked against it.
    """
    sender = producer(kafka, transactional_id=topics.definitions_writer) if writing else None
    try:
        if sender is not None:
            await sender.start()
        async with AsyncExitStack() as stack:
            followed = await _followed(stack, kafka, topics)
            store = DefinitionStore(followed, sender, topics.definitions)
            await store.refresh()
            yield store
    finally:
        if sender is not None:
            await sender.stop()
