"""Builds hostile records from the rows of `tests/fixtures/bad_changes`, and runs a stream's worker against them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.record.util import calc_crc32c_py

from automation.envelope import Key
from automation.items import changes as item_changes
from automation.items.changes import ChangeFrame
from automation.items.parts import Link, ProductRow
from automation.values import Money, Personal
from services.edge.codec import ChangeCodec
from services.edge.codec.registry import LEDGER, SCHEMA_FOLDER, FolderRegistry
from services.edge.kafka import KafkaSettings, producer
from services.edge.processor import Processor, ProcessorSettings
from services.edge.processor.dead_letters import DeadLetter, read_dead_letter, read_to_end
from services.edge.stream import Headers, Stream
from services.edge.topics import Topics, partition_for
from tests.processor_world import Running, eventually

_FOLDER = Path(__file__).parent / "fixtures/bad_changes"
_RECORDS = {"rows": ProductRow, "link": Link, "unlink": Link, "links": Link}


class Record(NamedTuple):
    """A record as it was sent, with the place that the broker gave it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def rows(*names: str) -> list[dict[str, Any]]:
    """Return the rows of data files."""
    return [row for name in names for row in json.loads((_FOLDER / f"{name}.json").read_text())]


def made(value: Any, name: str = "") -> Any:
    """Return a value of a row as the classes hold it."""
    if isinstance(value, dict):
        match value:
            case {"money": [minor, currency]}:
                return Money(minor, currency)
            case {"personal": text}:
                return Personal(text)
            case {"repeat": [text, times]}:
                return text * times
        held = {key: made(each, key) for key, each in value.items()}
        return _RECORDS[name](**held) if name in _RECORDS else held
    return tuple(made(each, name) for each in value) if isinstance(value, list) else value


def part(text: str) -> bytes:
    """Return the bytes that a part of a row stands for."""
    kind, _, rest = text.partition(":")
    if kind == "next-id":
        return b"\0" + int(json.loads((SCHEMA_FOLDER / LEDGER).read_text())["next"]).to_bytes(4, "big")
    if kind == "id":
        return b"\0" + FolderRegistry().current(f"stagewire.changes.{rest}").schema_id.to_bytes(4, "big")
    if kind in ("random", "repeat"):
        what, _, count = rest.partition("*")
        return random.Random(what).randbytes(int(count)) if kind == "random" else bytes.fromhex(what) * int(count)
    return bytes.fromhex(rest) if kind == "hex" else rest.encode()


class Forge:
    """Makes the key and value of a row; `good` signs with the services' secret, `bad` with another one."""

    def __init__(self, owner: Key, good: ChangeCodec, bad: ChangeCodec, classes: ModuleType = item_changes) -> None:
        self.owner, self.good, self.bad, self._classes = owner, good, bad, classes
        self._number = 0

    def frame(self, **more: Any) -> ChangeFrame:
        """Return a frame for the owner with parts replaced."""
        self._number += 1
        plain = ChangeFrame(f"change-{self._number}", *self.owner, 1_000, "app", "", 0, "", "", 0, 0, b"")
        return plain._replace(**more)

    def make(self, row: dict[str, Any]) -> tuple[bytes | None, bytes | None]:
        """Return key and value."""
        frame = self.frame(**made(row.get("frame", {})))
        key = row.get("key", frame.key.text)
        value = self._bytes(row) if "bytes" in row else self._edited(row, frame)
        return None if key is None else key.encode(), value

    def _bytes(self, row: dict[str, Any]) -> bytes | None:
        return None if row["bytes"] is None else b"".join(map(part, row["bytes"]))

    def _edited(self, row: dict[str, Any], frame: ChangeFrame) -> bytes:
        change = getattr(self._classes, row["kind"])(**made(row.get("change", {})))
        value = (self.bad if row.get("forged") else self.good).encode(frame, change)
        if "replace" in row:
            old, new = map(part, row["replace"])
            assert len(old) == len(new)
            assert old in value
            value = value.replace(old, new)
        return value[: len(value) - row.get("cut", 0)] + part(row.get("append", "hex:"))


class Bench:
    """Sends to an inbox and reads what became of it."""

    def __init__(self, kafka: KafkaSettings, topics: Topics, stream: Stream[Any, Any]) -> None:
        self._kafka, self._count, self.stream = kafka, topics.partitions, stream
        self._running: Running | None = None

    async def open(self) -> Bench:
        """Start the sender."""
        self.sender: AIOKafkaProducer = producer(self._kafka)
        await self.sender.start()
        return self

    async def close(self) -> None:
        """Stop everything."""
        await self.stop()
        await self.sender.stop()

    def start(self, **more: Any) -> Running:
        """Start a worker whose state comes from the log, or from snapshots where settings ask for some."""
        settings = ProcessorSettings(session_timeout_ms=6_000, **more)
        self._running = Running(lambda end: Processor(self.stream, settings, self._kafka, end=end))
        return self._running

    async def stop(self) -> None:
        """Stop the worker in order."""
        if self._running is not None:
            await self._running.stop()
        self._running = None

    async def send(
        self, key: bytes | None, value: bytes | None, headers: Headers = (), partition: int | None = None
    ) -> Record:
        """Append a record where its key belongs."""
        number = self.partition(key) if partition is None else partition
        batch = self.sender.create_batch()  # takes records that `send` refuses: neither key nor value
        if batch.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
            raise MessageSizeTooLargeError(f"{len(value or b'')} bytes")
        at = await (await self.sender.send_batch(batch, self.stream.inbox, partition=number))
        return Record(self.stream.inbox, at.partition, at.offset, key, value)

    def partition(self, key: bytes | None) -> int:
        """Return the partition of a key; that of a record without one is the first."""
        return partition_for(key, self._count) if key else 0

    async def records(self, topic: str) -> list[Any]:
        """Return the committed records of a topic, partition by partition."""
        reader = AIOKafkaConsumer(bootstrap_servers=self._kafka.bootstrap_servers, isolation_level="read_committed")
        await reader.start()
        try:
            await reader._client._wait_on_metadata(topic)
            parts = [TopicPartition(topic, number) for number in range(self._count)]
            begin = await reader.beginning_offsets(parts)
            return [record for each in parts async for record in read_to_end(reader, each, begin[each])]
        finally:
            await reader.stop()

    async def events(self) -> list[Any]:
        """Return the log, decoded."""
        return [self.stream.read_event(each.value, each.headers) for each in await self.records(self.stream.log)]

    async def letters(self) -> list[DeadLetter]:
        """Return the dead letters that this stream's records became."""
        found = map(read_dead_letter, await self.records(self.stream.dead_letters))
        return [letter for letter in found if letter.origin.topic == self.stream.inbox]

    async def until_events(self, count: int) -> list[Any]:
        """Wait for so many events and return all."""

        async def there() -> bool:
            return len(await self.records(self.stream.log)) >= count

        await eventually(there)
        return await self.events()


def witnesses(count: int) -> Sequence[Key]:
    """Return one deal for each partition, in their order."""
    found: dict[int, Key] = {}
    number = 0
    while len(found) < count:
        number += 1
        key = Key("acme", "deal", f"w{number}")
        found.setdefault(partition_for(key.text.encode(), count), key)
    return [found[place] for place in range(count)]


def spoil(batch: Any, old: bytes, new: bytes) -> None:
    """Replace bytes of a batch just before it goes out, which no client library would write, and mend its checksum."""
    build = batch._build

    def spoiled() -> bytes:
        raw = bytearray(build())
        assert len(old) == len(new)
        assert old in raw
        raw = raw.replace(old, new)
        raw[17:21] = calc_crc32c_py(memoryview(raw)[21:]).to_bytes(4, "big")
        return bytes(raw)

    batch._build = spoiled
