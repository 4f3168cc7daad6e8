"""The payment tracker on a real broker: from an item's request to the paid fact, over repeats and a restart."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from automation.envelope import Key
from automation.items.changes import AskItem, ChangeFrame, ReportOutcome, ReportPayment
from automation.payments.changes import RegisterOrder, RequestPayment
from automation.payments.events import (
    OrderRegistered,
    PaymentChangeSeen,
    PaymentDocumentCreated,
    PaymentDocumentPaid,
)
from automation.values import Money, Personal
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.processor import Processor, ProcessorSettings
from services.edge.topics import Topics, partition_for
from services.payment_tracker.bootstrap import Codecs, build_stream
from services.payment_tracker.links import PaymentPages, link_maker, token_of
from services.payment_tracker.pages_reader import PagesReader
from services.payment_tracker.provider import load_providers
from services.payment_tracker.webhook import receive

pytestmark = pytest.mark.kafka

ORDER = Key("acme", "order", "A1")
DEAL = "acme/deal/7"
EUR_100 = Money(10_000, "EUR")
SECRET = "a secret of thirty-two characters"
LINK_FOR = link_maker("https://pay.example/p", b"thirty-two bytes for the links !")


def _frame(change_id: str, key: Key = ORDER) -> ChangeFrame:
    return ChangeFrame(change_id, *key, int(time.time() * 1_000), "rest_api", "", 0, "", "", 0, 0, b"")


def _webhook(payment_id: str) -> tuple[ChangeFrame, Any]:
    """Return what a verified webhook of the generic provider becomes: the same change however often it is sent."""
    provider, now = load_providers()["generic"], int(time.time() * 1_000)
    body = b'{"type":"payment.paid","data":{"payment_id":"%s","amount_minor":10000,"currency":"EUR","paid_at":5}}'
    body %= payment_id.encode()
    received = receive(provider, "acme", provider.sign("msg_1", body, SECRET, now), body, [SECRET], now)
    assert received is not None
    return received.frame, received.notice


async def _behind(reader: AIOKafkaConsumer, parts: list[TopicPartition]) -> bool:
    ends = await reader.end_offsets(parts)
    return any([await reader.position(part) < ends[part] for part in parts])


class Bench:
    """A payments inbox to send to, and the log and the item changes to read."""

    def __init__(self, kafka: KafkaSettings, topics: Topics, codecs: Codecs) -> None:
        self._kafka, self._topics, self.codecs = kafka, topics, codecs

    @asynccontextmanager
    async def tracker(self) -> AsyncIterator[None]:
        """Run one worker without a local store, so that its state comes from the log."""
        stream = build_stream(self._topics, self.codecs, LINK_FOR, "test")
        worker = Processor(stream, ProcessorSettings(), self._kafka)
        running = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await running

    async def send(self, frame: ChangeFrame, change: Any, *, raw: Callable[[bytes], bytes] = bytes) -> None:
        """Append a change as gateway and engine do."""
        sender = producer(self._kafka)
        await sender.start()
        try:
            value = raw(self.codecs.payments.encode(frame, change))
            key = frame.key.text.encode()
            number = partition_for(key, self._topics.partitions)
            await sender.send_and_wait(self._topics.payments, value, key, partition=number)
        finally:
            await sender.stop()

    async def read(self, topic: str, decode: Callable[[bytes], Any], count: int) -> list[Any]:
        """Return all committed records of a topic, to its end, once there are `count`."""
        reader = consumer(self._kafka, None, offset_reset="earliest")
        await reader.start()
        try:
            parts = [TopicPartition(topic, number) for number in range(self._topics.partitions)]
            reader.assign(parts)
            found: list[Any] = []
            async with asyncio.timeout(60):
                while len(found) < count or await _behind(reader, parts):
                    for records in (await reader.getmany(timeout_ms=200)).values():
                        found += [decode(record.value) for record in records]
            return found
        finally:
            await reader.stop()

    async def events(self, count: int) -> list[Any]:
        """Return the payment events."""
        return [recorded.event for recorded in await self.recorded(count)]

    async def of(self, payable: Key, count: int) -> list[Any]:
        """Return one payable's events once there are `count`."""
        async with asyncio.timeout(60):
            while True:
                found = [one.event for one in await self.recorded(1) if one.envelope.key == payable]
                if len(found) >= count:
                    return found

    async def recorded(self, count: int) -> list[Any]:
        """Return the payment events with their envelopes."""
        return await self.read(self._topics.payment_events, self.codecs.events.decode, count)

    async def reports(self, count: int) -> list[Any]:
        """Return the changes for items, each with its key and checked signature."""
        return await self.read(self._topics.changes, self.codecs.items.decode, count)

    async def pages(self, until: Callable[[PaymentPages], bool]) -> PaymentPages:
        """Return an index that was folded from the log until a condition holds."""
        pages, reader = PaymentPages(), consumer(self._kafka, None, offset_reset="earliest")
        await reader.start()
        follower = PagesReader(
            pages, reader, self._topics.payment_events, lambda value, _: self.codecs.events.decode(value)
        )
        following = asyncio.create_task(follower.run())
        try:
            async with asyncio.timeout(60):
                await follower.caught_up.wait()
        finally:
            follower.stop()
            await following
            await reader.stop()
        assert until(pages)
        return pages


@pytest.fixture
def bench(kafka: KafkaSettings, topics: Topics) -> Bench:
    """The topics of this module with codecs that sign and check."""
    return Bench(kafka, topics, Codecs.of([b"a signing key of thirty-two bytes"]))


async def test_a_payment_is_asked_for_paid_and_told_once_over_repeats_and_a_restart(bench: Bench) -> None:
    """Each change is sent twice and the notice again after a restart without a store: five facts, four reports."""
    request = RequestPayment("e1", "r1", DEAL, "A1", Money(0, ""), (), Personal("Chairs"))
    async with bench.tracker():
        for _ in range(2):
            await bench.send(_frame("c1"), RegisterOrder(EUR_100, (DEAL,)))
            await bench.send(_frame("e1"), request)
        created = (await bench.events(2))[1]
        for _ in range(2):
            await bench.send(*_webhook(created.payment_id))
        await bench.events(3)
    async with bench.tracker():
        await bench.send(*_webhook(created.payment_id))
        await bench.send(_frame("c2"), RegisterOrder(EUR_100, (DEAL,)))
        recorded = await bench.recorded(4)
    kinds = [OrderRegistered, PaymentDocumentCreated, PaymentDocumentPaid, PaymentChangeSeen]
    assert [type(one.event) for one in recorded] == kinds
    assert [one.envelope.version for one in recorded] == [1, 2, 3, 4]
    reports = await bench.reports(4)
    assert [(frame.key.text, type(change)) for frame, change in reports] == [
        (DEAL, AskItem), (DEAL, ReportPayment), (DEAL, ReportOutcome), (DEAL, ReportPayment)
    ]  # fmt: skip
    page = (await bench.pages(lambda pages: pages.of_payment(created.payment_id) is not None)).lookup(
        token_of(created.link)
    )
    assert page is not None
    assert (page.status, page.takes_payment) == ("paid", False)


async def test_a_forged_notice_is_parked_and_the_partition_goes_on(bench: Bench, topics: Topics) -> None:
    """A notice signed with another key reaches no decision; the honest one behind it does."""
    forger = Codecs.of([b"another key that nobody here knows"])
    order = Key("acme", "order", "A2")
    async with bench.tracker():
        await bench.send(_frame("o1", order), RegisterOrder(EUR_100, (DEAL,)))
        await bench.send(_frame("e2", order), RequestPayment("e2", "r2", DEAL, "A2", EUR_100, (), Personal("Table")))
        made = await bench.of(order, 2)
        frame, notice = _webhook(made[1].payment_id)
        await bench.send(frame, notice, raw=lambda _: forger.payments.encode(frame, notice))
        await bench.send(frame, notice)
        kinds = [type(event) for event in await bench.of(order, 3)]
        (parked,) = await bench.read(topics.dead_letters, bytes, 1)
    assert kinds == [OrderRegistered, PaymentDocumentCreated, PaymentDocumentPaid]
    assert parked


async def test_the_process_says_when_it_is_ready_and_stops_in_order(
    kafka: KafkaSettings, topics: Topics, tmp_path: Path
) -> None:
    """Ready once its partitions are restored; SIGTERM ends it with code 0."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers or "",
        "STAGEWIRE_HOME": str(tmp_path),
        "STAGEWIRE_TOPIC_PREFIX": topics.prefix,
        "STAGEWIRE_SIGNING_SECRETS": "a signing key of thirty-two bytes",
        "STAGEWIRE_PAYMENT_TRACKER_LINK_SECRET": "thirty-two bytes for the links !",
        "STAGEWIRE_PAYMENT_TRACKER_HEALTH_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.payment_tracker", env=environment)
    try:
        async with asyncio.timeout(120), aiohttp.ClientSession() as web:
            while await _status(web, f"http://127.0.0.1:{port}/readyz") != 200:  # noqa: ASYNC110 - a process to ask
                await asyncio.sleep(0.2)
            assert await _status(web, f"http://127.0.0.1:{port}/livez") == 200
            process.terminate()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _status(web: aiohttp.ClientSession, url: str) -> int:
    try:
        async with web.get(url) as answer:
            return answer.status
    except aiohttp.ClientConnectionError:
        return 0
