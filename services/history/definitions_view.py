"""Writes `crm.definitions-view`: the definitions in force, compacted, each with its offset in `crm.definitions`.

The view is its own position (`services.edge.definitions_view`). Who is assigned the definitions fences the writer
before it, reads the view to its end, and goes on from there; what one `apply` saved is one transaction. So a crash
leaves nothing half done, and reading the log again writes nothing twice. Copies of another log (the topic was made
anew) count for nothing, and are written over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import NoOffsetForPartitionError, ProducerFenced

from automation.definitions.saved import DefinitionSaved
from services.edge.codec import DefinitionCodec, patiently
from services.edge.definitions_view import Place, headers_of, read_view
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.log import logger
from services.edge.processor.identity import topic_identity
from services.edge.topics import Topics
from services.history.feed import Generations

_WAIT_MS = 500
_VERSIONED = ("rule", "trigger")


class Copied(NamedTuple):
    """One record of the view: the bytes of the log, and where they stand in it."""

    key: bytes
    value: bytes
    place: Place


class _Waiting(NamedTuple):
    saved: DefinitionSaved
    value: bytes
    offset: int


class InForce:
    """Which records of the log count: the rule of `automation.definitions.book.Book`, without compiling anything."""

    def __init__(self) -> None:
        self.next = 0
        """The offset to go on from."""
        self._decided = 0
        self._versions: dict[tuple[str, str, str], int] = {}
        self._open: dict[str, list[_Waiting]] = {}

    def known(self, saved: DefinitionSaved, place: Place) -> None:
        """Take over a record that the view holds already."""
        if place.end >= self._decided:
            self._decided, self.next = place.end + 1, place.resume
        key = (saved.tenant, saved.kind, saved.id)
        self._versions[key] = max(saved.version, self._versions.get(key, 0))

    def take(self, saved: DefinitionSaved, value: bytes, offset: int) -> list[Copied]:
        """Return what a record of the log adds to the view: with the last one of an apply all of it, or nothing."""
        waiting = self._open.setdefault(saved.apply_id, [])
        waiting.append(_Waiting(saved, value, offset))
        if not saved.last_of_apply:
            return []
        del self._open[saved.apply_id]
        if offset < self._decided or not all(map(self._replaces_current, waiting)):
            return []
        resume = min((opened[0].offset for opened in self._open.values()), default=offset + 1)
        placed = [(one, Place(one.offset, offset, resume)) for one in waiting]
        for one, place in placed:
            self.known(one.saved, place)
        return [Copied(key_of(one.saved), one.value, place) for one, place in placed]

    def _replaces_current(self, one: _Waiting) -> bool:
        saved = one.saved
        return self._versions.get((saved.tenant, saved.kind, saved.id), 0) == saved.replaces


def key_of(saved: DefinitionSaved) -> bytes:
    """Return `tenant/kind/id`, for what a stage entry may have pinned with the version."""
    version = f"/{saved.version}" if saved.kind in _VERSIONED else ""
    return f"{saved.tenant}/{saved.kind}/{saved.id}{version}".encode()


class DefinitionsView:
    """Keeps the view up with the log while this process is assigned it; one of a group does."""

    def __init__(self, kafka: KafkaSettings, topics: Topics, group: str, instance_id: str | None = None) -> None:
        self._kafka = kafka
        self._part = TopicPartition(topics.definitions, 0)
        self._view = TopicPartition(topics.definitions_view, 0)
        self._writer_id = f"{group}-definitions-view"
        member = f"{instance_id}-definitions" if instance_id else None
        self._reader: Callable[[], AIOKafkaConsumer] = lambda: consumer(
            kafka, group, offset_reset="none", instance_id=member
        )
        self._codec = DefinitionCodec()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self) -> None:
        """Follow the definitions until asked to stop."""
        reader, generations = self._reader(), Generations()
        reader.subscribe([self._part.topic], listener=generations)
        await reader.start()
        try:
            while not self._stopping.is_set():
                if reader.assignment():
                    await self._own(reader, generations)
                else:
                    await asyncio.sleep(_WAIT_MS / 1000)
        finally:
            await reader.stop()

    async def _own(self, reader: AIOKafkaConsumer, generations: Generations) -> None:
        """Write the view for as long as the log is assigned to us."""
        generation = generations.count
        writer = producer(self._kafka, transactional_id=self._writer_id)
        await writer.start()
        try:
            force, log = await self._read_view(reader)
            if generations.count == generation:
                reader.seek(self._part, force.next)
            while not self._stopping.is_set() and generations.count == generation:
                await self._write(writer, log, await self._fetch(reader, force, generations, generation))
        except ProducerFenced:
            logger().info("definitions_view_overtaken")  # another process has been assigned the log
        finally:
            await writer.stop()

    async def _fetch(
        self, reader: AIOKafkaConsumer, force: InForce, generations: Generations, generation: int
    ) -> list[Copied]:
        try:
            fetched = await reader.getmany(self._part, timeout_ms=_WAIT_MS)
        except NoOffsetForPartitionError:
            reader.seek(self._part, force.next)  # resolved before our seek: it is ours that counts
            return []
        if generations.count != generation:
            return []
        copied = list[Copied]()
        for record in fetched.get(self._part, ()):
            saved = await patiently(partial(self._codec.decode, record.value))
            copied += force.take(saved, record.value, record.offset)
        return copied

    async def _write(self, writer: AIOKafkaProducer, log: str, copied: Sequence[Copied]) -> None:
        if not copied:
            return
        async with writer.transaction():
            for one in copied:
                headers = headers_of(one.place, log)
                await writer.send_and_wait(self._view.topic, one.value, one.key, partition=0, headers=headers)

    async def _read_view(self, reader: AIOKafkaConsumer) -> tuple[InForce, str]:
        """Return what the view holds of this log, and which log it is, after the writer before us was fenced."""
        client = reader._client
        log = await topic_identity(client, self._part.topic)
        viewer, force = consumer(self._kafka, None, offset_reset="none"), InForce()
        await viewer.start()
        try:
            await viewer._client._wait_on_metadata(self._view.topic)  # assigning a topic never seen fails
            for one in await read_view(viewer, self._view, log, self._codec):
                force.known(one.saved, one.place)
        finally:
            await viewer.stop()
        return force, log
