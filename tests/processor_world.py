"""Runs processors on the toy stream against the session's broker, for the tests of the loop."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NoReturn

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.edge.clock import SystemClock
from services.edge.kafka import KafkaSettings, admin
from services.edge.processor import Processor, ProcessorSettings
from services.edge.processor.dead_letters import read_to_end
from tests.chaos.checker import Verdict, check
from tests.chaos.sender import SENT
from tests.chaos.subject import Place, new_topics
from tests.chaos.toy import Toy

PARTITIONS = 2


class EndedError(Exception):
    """Stands for the end of the process."""


class Running:
    """A processor in this process, with its end caught."""

    def __init__(self, processor_of: Callable[[Callable[[str, BaseException], NoReturn]], Processor]) -> None:
        self.ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self.processor = processor_of(self._end)
        self._task = asyncio.create_task(self.processor.run())

    def _end(self, why: str, error: BaseException) -> NoReturn:
        if not self.ended.done():
            self.ended.set_result(error)
        raise EndedError(why)

    async def ready(self) -> None:
        """Wait until all partitions are restored."""
        await eventually(lambda: not self.processor.ready())

    async def stop(self) -> None:
        """Stop in order, or clean up after an end."""
        self.processor.stop()
        with suppress(EndedError):
            await asyncio.wait_for(self._task, 30)


class ToyWorld:
    """Topics of its own, a sender, and any number of processors."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.kafka = kafka
        self.place = Place("toy", f"t{uuid.uuid4().hex[:8]}.", kafka.bootstrap_servers or "", PARTITIONS)
        self.stream = Toy(self.place.prefix)
        self._running: list[Running] = []
        self._number = 0

    async def open(self) -> ToyWorld:
        """Create the topics and start the sender."""
        client = admin(self.kafka)
        await client.start()
        await client.create_topics(new_topics(self.place))
        await client.close()
        self._sender = AIOKafkaProducer(bootstrap_servers=self.place.bootstrap, enable_idempotence=True)
        await self._sender.start()
        return self

    async def stop(self) -> None:
        """Stop the processors."""
        for running in self._running:
            await running.stop()
        self._running = []

    async def close(self) -> None:
        """Stop everything."""
        await self.stop()
        await self._sender.stop()

    def start(self, stream: Toy | None = None, **settings: Any) -> Running:
        """Start a processor."""
        chosen = ProcessorSettings(**{"session_timeout_ms": 6_000, **settings})
        subject = stream or self.stream
        running = Running(lambda end: Processor(subject, chosen, self.kafka, end=end))
        self._running.append(running)
        return running

    async def send(self, key: str, kind: str, partition: int | None = None, **facts: Any) -> int:
        """Send one change and return its offset."""
        self._number += 1
        change = {"id": f"c{self._number}", "key": key, "kind": kind, "n": 1, **facts}
        return await self.send_bytes(key.encode(), orjson.dumps(change), partition)

    async def send_bytes(self, key: bytes, value: bytes, partition: int | None = None, headers: Any = ()) -> int:
        """Send any record."""
        sent = await self._sender.send_and_wait(
            self.stream.inbox, value, key, partition, headers=[*headers, self._mark()]
        )
        return int(sent.offset)

    async def send_many(self, count: int, keys: int = 20) -> None:
        """Send many changes at once."""
        names = [f"t/toy/{number % keys}" for number in range(count)]
        change = {"kind": "add", "n": 1}
        values = [orjson.dumps({**change, "id": f"m{number}", "key": name}) for number, name in enumerate(names)]
        pairs = zip(names, values, strict=True)
        topic, send = self.stream.inbox, self._sender.send
        sent = [await send(topic, value, key.encode(), headers=[self._mark()]) for key, value in pairs]
        await asyncio.gather(*sent)

    def _mark(self) -> tuple[str, bytes]:
        self._number += 1
        return SENT, b"%d" % self._number

    async def records(self, topic: str) -> list[Any]:
        """Return the committed records of a topic."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.place.bootstrap, isolation_level="read_committed")
        await reader.start()
        await reader._client._wait_on_metadata(topic)
        parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        begin = await reader.beginning_offsets(parts)
        found = [record for part in parts async for record in read_to_end(reader, part, begin[part])]
        await reader.stop()
        return found

    async def events(self) -> list[Any]:
        """Return the facts of the log, in order per partition."""
        return [orjson.loads(record.value)["event"] for record in await self.records(self.stream.log)]

    async def arrived(self, count: int, topic: str = "") -> list[Any]:
        """Wait for so many records and return them."""

        async def there() -> bool:
            return len(await self.records(topic or self.stream.log)) >= count

        await eventually(there)
        return await self.records(topic or self.stream.log)

    async def verdict(self) -> Verdict:
        """Compare with the model."""
        return await check(self.place, SystemClock().now() - 1_000)


async def eventually(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 60.0) -> None:
    """Wait until something is so; fails after some seconds."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.05)
