"""The notifier on a real broker: offsets live in the database, zombies are refused, outcomes arrive."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from automation.envelope import Key
from services.edge.clock import SystemClock
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.processor.dead_letters import read_dead_letter
from services.edge.sql import Database, open_database
from services.edge.topics import Topics, partition_for
from services.notifier.dispatch import Dispatcher, Limits
from services.notifier.doubles import MemoryCodec, MemoryProvider
from services.notifier.intake import Intake, context
from services.notifier.kafka import EffectsConsumer, KafkaRecords, LostPositionError
from services.notifier.ledger import Ledger
from services.notifier.means import Means
from services.notifier.metrics import NotifierMetrics
from services.notifier.service import Notifier, Pace
from services.notifier.shared_clock import SharedClock
from services.notifier.tables import ALL
from tests.conftest import PARTITIONS
from tests.notifier_world import notification, recorded

pytestmark = pytest.mark.kafka

COUNT = 200
EFFECTS = {f"e{n}": Key("acme", "deal", str(n % 17)) for n in range(COUNT)}
CODEC_VALUES = {name.encode(): recorded(notification(name), 1, key) for name, key in EFFECTS.items()}


@pytest.fixture
def database(tmp_path: Path) -> Any:
    """Yield an empty ledger's database."""
    opened = open_database(f"sqlite:///{tmp_path}/n.db")
    opened.create(ALL)
    yield opened
    opened.close()


@pytest.fixture
def provider() -> MemoryProvider:
    """Return a provider that does not recognise keys: a second call would be seen."""
    return MemoryProvider(recognises_key=False)


async def _produce(kafka: KafkaSettings, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
    """Append records as the engine does: in a transaction, after one that was aborted."""
    sender = producer(kafka, transactional_id=f"test-{topic}")
    await sender.start()
    try:
        await sender.begin_transaction()
        await sender.send_and_wait(topic, b"e0-aborted", b"acme/deal/0")
        await sender.abort_transaction()
        async with sender.transaction():
            await asyncio.gather(*[await sender.send(topic, value, key) for key, value in records])
    finally:
        await sender.stop()


def _means(database: Database, codec: MemoryCodec, records: KafkaRecords) -> Means:
    return Means(Ledger(database), codec, records, SystemClock(), NotifierMetrics(CollectorRegistry()))


def _reader(kafka: KafkaSettings, topics: Topics, means: Means, group: str) -> EffectsConsumer:
    reader = consumer(kafka, f"{topics.prefix}{group}", offset_reset="none")
    return EffectsConsumer(reader, topics.effects, Intake(means, {"notification"}), means.clock)


@asynccontextmanager
async def _running(
    kafka: KafkaSettings, topics: Topics, database: Database, provider: MemoryProvider, codec: MemoryCodec, name: str
) -> AsyncIterator[Notifier]:
    """Run one notifier process, as far as Kafka and the database can tell."""
    sender = producer(kafka)
    await sender.start()
    means = _means(database, codec, KafkaRecords(sender, topics.dead_letters))
    clock = SharedClock(database, means.clock)
    reader = _reader(kafka, topics, means, "notifier")
    dispatcher = Dispatcher("notification", provider, means, name, Limits(20, 10_000, 60_000))
    notifier = Notifier(reader, [dispatcher], means, clock, Pace(poll_seconds=0.05, stop_seconds=5))
    task = asyncio.create_task(notifier.run())
    try:
        yield notifier
    finally:
        notifier.stop()
        await asyncio.wait_for(task, 60)
        await sender.stop()


async def _until(condition: Any, seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in a database
            await asyncio.sleep(0.02)


async def _turning(reader: EffectsConsumer) -> None:
    while True:
        await reader.turn()


async def _all(kafka: KafkaSettings, topic: str) -> list[Any]:
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    try:
        parts = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        reader.assign(parts)
        ends = await reader.end_offsets(parts)
        found = []
        while any([await reader.position(part) < ends[part] for part in parts]):
            for batch in (await reader.getmany(timeout_ms=200)).values():
                found.extend(batch)
        return found
    finally:
        await reader.stop()


def _done(database: Database, count: int) -> Any:
    query = "SELECT COUNT(*) AS n FROM ledger WHERE outcome = 'sent'"
    return lambda: database.read(query)[0]["n"] == count


async def test_effects_happen_once_over_restarts_rebalances_and_lost_hints(
    kafka: KafkaSettings, topics: Topics, database: Database, provider: MemoryProvider
) -> None:
    """Two processes come and go while effects arrive; each effect is called once and its item told on its partition."""
    codec = MemoryCodec(CODEC_VALUES, topics.changes)
    records = [(key.text.encode(), name.encode()) for name, key in EFFECTS.items()]
    poison = (b"acme/deal/5", b"not an event")
    await _produce(kafka, topics.effects, [*records[:60], poison])
    async with _running(kafka, topics, database, provider, codec, "first"):
        await _until(_done(database, 60))
        await _produce(kafka, topics.effects, records[60:120])
        async with _running(kafka, topics, database, provider, codec, "second") as second:
            await _until(lambda: second.ready)
            await _until(_done(database, 120))
    await _forget_hints(kafka, topics)
    await _produce(kafka, topics.effects, records[120:])
    async with _running(kafka, topics, database, provider, codec, "third"):
        await _until(_done(database, COUNT))

    assert provider.calls == Counter(dict.fromkeys(EFFECTS, 1))
    outcomes = await _all(kafka, topics.changes)
    assert len({record.value for record in outcomes}) == COUNT
    assert all(record.partition == partition_for(record.key, PARTITIONS) for record in outcomes)
    letters = [read_dead_letter(record) for record in await _all(kafka, topics.dead_letters)]
    assert {(one.value, one.fault.reason, one.origin.topic) for one in letters} == {
        (b"not an event", "undecodable", topics.effects)
    }


async def _forget_hints(kafka: KafkaSettings, topics: Topics) -> None:
    """Put the group's offsets in Kafka back to the beginning: the database's positions are what counts."""
    reader = consumer(kafka, f"{topics.prefix}notifier", offset_reset="none")
    await reader.start()
    try:
        reader.assign([TopicPartition(topics.effects, number) for number in range(PARTITIONS)])
        await reader.commit({TopicPartition(topics.effects, number): 0 for number in range(PARTITIONS)})
    finally:
        await reader.stop()


async def test_a_position_beyond_the_topic_stops_the_service(
    kafka: KafkaSettings, topics: Topics, database: Database
) -> None:
    """A ledger that belongs to another topic is not guessed about."""
    means = _means(database, MemoryCodec({}), KafkaRecords(producer(kafka), topics.dead_letters))
    for number in range(PARTITIONS):
        means.ledger.copy(context(topics.effects, number), 10_000_000, [], 0)
    reader = _reader(kafka, topics, means, "lost")
    await reader.start()
    try:
        with pytest.raises(LostPositionError, match="10000000"):
            await asyncio.wait_for(_turning(reader), 60)
    finally:
        await reader.stop()
