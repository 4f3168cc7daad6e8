"""Where changes go: a port, and Kafka behind it (idempotent, `acks=all`, awaited, with bounded memory)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from automation.envelope import Key
from automation.items.changes import ChangeFrame
from services.edge.codec import ChangeCodec, UnwritableError
from services.edge.topics import Topics
from services.edge.tracing import HEADER
from services.gateway.tracing import TRACE

Stream: TypeAlias = Literal["items", "payments"]
Fate: TypeAlias = Literal["taken", "refused", "unavailable"]
"""`taken`: all in-sync replicas have it. `refused`: it cannot be written, ever (too large). `unavailable`: Kafka did
not confirm it in time; it may still arrive, so a repeat has to carry the same change id."""

SEND_SECONDS = 8.0
"""How long a request waits for Kafka."""
PAUSE_SECONDS = 1.0
"""After an unconfirmed send, requests are turned away at once for this long instead of piling up."""
MOST_BYTES = 32 * 1024 * 1024
"""Bytes of records that may be under way at once."""


class Letter(NamedTuple):
    """One change on its way: to `crm.changes` or to `crm.payments`, under the key of its frame."""

    stream: Stream
    frame: ChangeFrame
    change: Any

    @property
    def key(self) -> Key:
        """The key of the aggregate."""
        return self.frame.key


class Outbox(Protocol):
    """Takes changes, in the order given for each key."""

    async def send(self, letters: Sequence[Letter]) -> Sequence[Fate]:
        """Return the fate of each letter; never raises for what Kafka does."""
        ...


class _Record(NamedTuple):
    topic: str
    key: bytes
    value: bytes


class KafkaOutbox:
    """The real outbox, on a started idempotent producer without transactions."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        topics: Topics,
        items: ChangeCodec,
        payments: ChangeCodec,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self._producer = producer
        self._send_seconds = send_seconds
        self._codecs = {"items": items, "payments": payments}
        self._names = {"items": topics.changes, "payments": topics.payments}
        self._bytes = 0
        self._closed_until = 0.0

    @property
    def open(self) -> bool:
        """Whether records are taken at this moment."""
        return asyncio.get_running_loop().time() >= self._closed_until

    async def send(self, letters: Sequence[Letter]) -> Sequence[Fate]:
        """See `Outbox`."""
        records = [self._encoded(letter) for letter in letters]
        size = sum(len(record.value) for record in records if record)
        if not self.open or self._bytes + size > MOST_BYTES:
            return ["unavailable" if record else "refused" for record in records]
        self._bytes += size
        try:
            return await self._send_all(records)
        finally:
            self._bytes -= size

    def _encoded(self, letter: Letter) -> _Record | None:
        try:
            value = self._codecs[letter.stream].encode(letter.frame, letter.change)
        except UnwritableError:
            return None
        return _Record(self._names[letter.stream], letter.key.text.encode(), value)

    async def _send_all(self, records: Sequence[_Record | None]) -> list[Fate]:
        sent: list[asyncio.Future[Any] | None] = [None] * len(records)
        try:
            async with asyncio.timeout(self._send_seconds):
                for place, record in enumerate(records):
                    if record is not None:
                        sent[place] = await self._begin(record)
                await asyncio.wait([future for future in sent if future is not None] or [_done()])
        except (TimeoutError, KafkaError):
            self._closed_until = asyncio.get_running_loop().time() + PAUSE_SECONDS
        return [_fate(record, future) for record, future in zip(records, sent, strict=True)]

    async def _begin(self, record: _Record) -> asyncio.Future[Any]:
        # Without a partition: aiokafka's own choice is Kafka's murmur2, on the topic's real number of partitions.
        trace = TRACE.get()
        headers = [(HEADER, trace)] if trace else None
        future: asyncio.Future[Any] = await self._producer.send(record.topic, record.value, record.key, headers=headers)
        return future


def _done() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


def _fate(record: _Record | None, future: asyncio.Future[Any] | None) -> Fate:
    if record is None:
        return "refused"
    if future is None or not future.done() or future.cancelled():
        if future is not None:
            future.add_done_callback(_look_at_error)
        return "unavailable"
    return "unavailable" if future.exception() else "taken"


def _look_at_error(future: asyncio.Future[Any]) -> None:
    """Read a late error, so that it is not reported as forgotten."""
    if not future.cancelled():
        future.exception()
