"""`history` on a real broker: what the log holds is in the index, once, whoever stopped when."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from prometheus_client import CollectorRegistry

from automation.envelope import Key, Recorded
from automation.items import events as e
from automation.items import evolve
from services.edge import topic_check
from services.edge.codec import item_events
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.topics import Topics
from services.history.feed import LogFeed, LostPositionError
from services.history.heads import heads_by
from services.history.indexer import Indexer, UnreadableLogError
from services.history.metrics import HistoryMetrics
from services.history.opening import open_history
from services.history.queries import History
from services.history.records import stream_id
from services.history.service import HistoryService
from services.history.store import SqlHistory
from tests.conftest import PARTITIONS, with_admin
from tests.history_world import Book, recorded

pytestmark = pytest.mark.kafka


class Writer(Protocol):
    """What turns events into bytes."""

    def write(self, recorded: Recorded) -> bytes:
        """Return the bytes of an event."""
        ...


class Avro:
    """The codec of the services."""

    def __init__(self) -> None:
        self._codec = item_events()
        self.write, self.read = self._codec.encode, self._codec.decode


KEYS = [Key("acme", "deal", str(number)) for number in range(20)]


@pytest.fixture
def topics(kafka: KafkaSettings) -> Topics:
    """Logs of its own for each test: what one test wrote would be unreadable to the next one's codec."""
    named = Topics(prefix=f"h{uuid.uuid4().hex[:8]}.", partitions=PARTITIONS)
    with_admin(kafka, lambda client: topic_check.apply(client, named.declared()))
    return named


def _events(first: int, last: int) -> list[Recorded]:
    """Return versions `first` to `last` of every item, one item after the other in each round."""
    created = e.ItemCreated({"title": "Roof"}, "sales", "s1", "7", "7", (), automated=False)
    return [
        recorded(key, version, created if version == 1 else e.StageMoved("s", f"s{version}", version, False))
        for version in range(first, last + 1)
        for key in KEYS
    ]


async def _append(
    kafka: KafkaSettings, topic: str, book: Writer, found: list[Recorded], *, commit: bool = True
) -> None:
    """Append events in one transaction; without `commit` it is aborted, and its records stay unseen."""
    sender = producer(kafka, transactional_id=f"writer-{topic}", compression=None)
    await sender.start()
    try:
        await sender.begin_transaction()
        sent = [await sender.send(topic, book.write(r), r.envelope.key.text.encode()) for r in found]
        await asyncio.gather(*sent)
        await (sender.commit_transaction() if commit else sender.abort_transaction())
    finally:
        await sender.stop()


def _service(kafka: KafkaSettings, topics: Topics, store: SqlHistory, book: Book) -> HistoryService:
    metrics = HistoryMetrics(CollectorRegistry())
    indexer = Indexer(store, {topics.events: ("item", heads_by(book.read))}, metrics)
    reader = consumer(kafka, f"{topics.prefix}history", offset_reset="none")
    return HistoryService(LogFeed(reader, [topics.events], indexer), store, metrics)


@asynccontextmanager
async def _running(service: HistoryService) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(service.run())
    try:
        yield task
    finally:
        service.stop()
        await task


async def _until(settled: Callable[[], bool], task: asyncio.Task[None] | None = None) -> None:
    async with asyncio.timeout(120):
        while not settled():
            if task is not None and task.done():
                await task
            await asyncio.sleep(0.05)


def _versions(store: SqlHistory) -> dict[str, list[int]]:
    return {key.item_id: [row.version for row in store.events(stream_id("item", key), limit=500)] for key in KEYS}


def _any_of(store: SqlHistory) -> Callable[[], bool]:
    return lambda: any(_versions(store).values())


def _all_at(store: SqlHistory, version: int) -> Callable[[], bool]:
    def settled() -> bool:
        rows = [store.current(stream_id("item", key)) for key in KEYS]
        return all(row is not None and row.version == version for row in rows)

    return settled


async def test_the_index_holds_the_committed_log_once_over_restarts(
    kafka: KafkaSettings, topics: Topics, tmp_path: Path
) -> None:
    """Aborted records stay out, and a stop in the middle neither loses nor repeats anything."""
    book, store = Book(), open_history(f"sqlite:///{tmp_path}/history.db")
    await _append(kafka, topics.events, book, _events(1, 3))
    await _append(kafka, topics.events, book, [recorded(KEYS[0], 4, e.ItemDeleted())], commit=False)
    async with _running(_service(kafka, topics, store, book)) as task:
        await _until(_all_at(store, 3), task)
    await _append(kafka, topics.events, book, _events(4, 6))
    async with _running(_service(kafka, topics, store, book)) as task:
        await _until(_all_at(store, 6), task)
    assert _versions(store) == {key.item_id: [1, 2, 3, 4, 5, 6] for key in KEYS}
    assert store.count_anomalies() == 0
    assert History(store, book.read, evolve).state_as_of(KEYS[3], version=5).state.stage == "s5"
    store.close()


async def test_a_worker_killed_between_batches_leaves_nothing_to_repair(
    kafka: KafkaSettings, topics: Topics, tmp_path: Path
) -> None:
    """Cancelled at any point, the next one goes on from the positions that were stored with the events."""
    book, url = Book(), f"sqlite:///{tmp_path}/history.db"
    await _append(kafka, topics.events, book, _events(1, 6))
    for _ in range(3):
        store = open_history(url)
        task = asyncio.create_task(_service(kafka, topics, store, book).run())
        await _until(_any_of(store), task)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        store.close()
    store = open_history(url)
    async with _running(_service(kafka, topics, store, book)) as last:
        await _until(_all_at(store, 6), last)
    assert _versions(store) == {key.item_id: [1, 2, 3, 4, 5, 6] for key in KEYS}
    store.close()


async def test_a_record_that_cannot_be_read_stops_the_service(
    kafka: KafkaSettings, topics: Topics, tmp_path: Path
) -> None:
    """What is in a log is never skipped: the error says where it is, and the position stays before it."""
    book, store = Book(), open_history(f"sqlite:///{tmp_path}/history.db")
    sender = producer(kafka, compression=None)
    await sender.start()
    await sender.send_and_wait(topics.events, b"no number", b"acme/deal/1", partition=0)
    await sender.stop()
    with pytest.raises(UnreadableLogError, match=r"crm.events-0@0"):
        async with asyncio.timeout(60):
            await _service(kafka, topics, store, book).run()
    assert store.position(f"{topics.events}-0") is None
    store.close()


async def test_a_position_that_the_topic_never_had_stops_the_service(
    kafka: KafkaSettings, topics: Topics, tmp_path: Path
) -> None:
    """An index of another topic is not continued in silence."""
    store = open_history(f"sqlite:///{tmp_path}/history.db")
    store.write([], {f"{topics.events}-{part}": 10**9 for part in range(topics.partitions)})
    with pytest.raises(LostPositionError, match="empty database"):
        async with asyncio.timeout(60):
            await _service(kafka, topics, store, Book()).run()
    store.close()


async def test_lag_is_known_while_records_wait(kafka: KafkaSettings, topics: Topics, tmp_path: Path) -> None:
    """Readiness tells partitions and how far the index is behind."""
    book, store = Book(), open_history(f"sqlite:///{tmp_path}/history.db")
    service = _service(kafka, topics, store, book)
    assert not service.ready
    async with _running(service) as task:
        await _until(lambda: service.ready, task)
        await _until(lambda: service.detail["lag"] == 0, task)
        assert service.detail["partitions"] == topics.partitions
    store.close()


@contextmanager
def _process(kafka: KafkaSettings, topics: Topics, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m services.history` until the block ends; then it is killed without a word."""
    env = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": str(kafka.bootstrap_servers),
        "STAGEWIRE_TOPIC_PREFIX": topics.prefix,
        "STAGEWIRE_HISTORY_DATABASE_URL": url,
        "STAGEWIRE_HISTORY_INSTANCE_ID": "history-0",
        "STAGEWIRE_HISTORY_HEALTH_PORT": "0",
        "STAGEWIRE_SIGNING_SECRETS": "s" * 32,
    }
    running = subprocess.Popen([sys.executable, "-m", "services.history"], env=env, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


async def test_kill_9_loses_nothing_and_repeats_nothing(kafka: KafkaSettings, topics: Topics, tmp_path: Path) -> None:
    """The real process, killed while it reads, four times; its last life completes the index."""
    avro, url = Avro(), f"sqlite:///{tmp_path}/history.db"
    store = open_history(url)
    for life in range(4):
        await _append(kafka, topics.events, avro, _events(life * 50 + 1, life * 50 + 50))
        with _process(kafka, topics, url) as running:
            await _until(_some_of(store, life * 50 * len(KEYS)))
            assert running.poll() is None
    with _process(kafka, topics, url):
        await _until(_all_at(store, 200))
    assert _versions(store) == {key.item_id: list(range(1, 201)) for key in KEYS}
    assert store.count_anomalies() == 0
    assert History(store, avro.read, evolve).state_as_of(KEYS[7]).state.stage == "s200"
    store.close()


def _some_of(store: SqlHistory, more_than: int) -> Callable[[], bool]:
    return lambda: sum(len(found) for found in _versions(store).values()) > more_than
