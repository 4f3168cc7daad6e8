"""The notifier as a process of its own: real Avro records, killed without warning, and asked to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from automation.envelope import Key
from automation.items.changes import ReportOutcome
from services.edge.codec import Signer, item_changes, item_events
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.sql import Database, open_database
from services.edge.topics import Topics
from services.notifier.tables import ALL
from tests.conftest import PARTITIONS
from tests.notifier_world import email, notification, recorded

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

SECRET = "0123456789abcdef0123456789abcdef"
COUNT = 240
ROUND = 48


class Process:
    """One `python -m services.notifier` at a time."""

    def __init__(self, kafka: KafkaSettings, topics: Topics, home: Path) -> None:
        self.url = f"sqlite:///{home}/n.db"
        self._log = (home / "log").open("wb")
        self._environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": str(kafka.bootstrap_servers),
            "STAGEWIRE_TOPIC_PREFIX": topics.prefix,
            "STAGEWIRE_PARTITIONS": str(PARTITIONS),
            "STAGEWIRE_SIGNING_SECRETS": SECRET,
            "STAGEWIRE_NOTIFIER_DATABASE_URL": self.url,
            "STAGEWIRE_NOTIFIER_INSTANCE_ID": "notifier-0",
            "STAGEWIRE_NOTIFIER_SEND_SECONDS": "10",
            "STAGEWIRE_NOTIFIER_LEASE_SECONDS": "12",
            "STAGEWIRE_NOTIFIER_POLL_SECONDS": "0.05",
            "STAGEWIRE_NOTIFIER_HEALTH_PORT": "0",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "services.notifier"]
        self._process = subprocess.Popen(command, env=self._environment, stderr=self._log)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(60)

    def close(self) -> None:
        """Kill what still runs."""
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGKILL)
        self._log.close()


@pytest.fixture
def process(kafka: KafkaSettings, topics: Topics, tmp_path: Path) -> Iterator[Process]:
    """Yield a process, not yet started; killed afterwards."""
    made = Process(kafka, topics, tmp_path)
    yield made
    made.close()


@pytest.fixture
def database(process: Process) -> Iterator[Database]:
    """Yield the process's database, to look into."""
    opened = open_database(process.url)
    opened.create(ALL)
    yield opened
    opened.close()


def _events() -> list[Any]:
    kinds = (notification, email)
    return [recorded(kinds[n % 2](f"e{n}"), n + 1, Key("acme", "deal", str(n % 11))) for n in range(COUNT)]


async def _produce(kafka: KafkaSettings, topics: Topics, events: Sequence[Any]) -> None:
    codec, sender = item_events(), producer(kafka)
    await sender.start()
    try:
        for event in events:
            await sender.send_and_wait(topics.effects, codec.encode(event), event.envelope.key.text.encode())
    finally:
        await sender.stop()


async def _outcomes(kafka: KafkaSettings, topics: Topics) -> list[tuple[str, ReportOutcome]]:
    codec = item_changes(Signer([SECRET.encode()]))
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    try:
        parts = [TopicPartition(topics.changes, number) for number in range(PARTITIONS)]
        reader.assign(parts)
        ends = await reader.end_offsets(parts)
        found = []
        while any([await reader.position(part) < ends[part] for part in parts]):
            for batch in (await reader.getmany(timeout_ms=200)).values():
                found.extend(codec.decode(record.value) for record in batch)
        return [(frame.change_id, outcome) for frame, outcome in found]
    finally:
        await reader.stop()


async def _until(condition: Callable[[], bool], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in another process
            await asyncio.sleep(0.02)


def _number(database: Database, where: str) -> int:
    return int(database.read(f"SELECT COUNT(*) AS n FROM {where}")[0]["n"])


def _reported(database: Database) -> int:
    return _number(database, "ledger WHERE outcome = 'sent'")


async def test_a_process_killed_again_and_again_leaves_one_effect_and_one_outcome_per_key(
    kafka: KafkaSettings, topics: Topics, process: Process, database: Database
) -> None:
    """Both channels show each key once, every outcome is signed, and repeats of it carry one change id."""
    events = _events()
    for begin in range(0, COUNT, ROUND):
        process.start()
        await _produce(kafka, topics, events[begin : begin + ROUND])
        await _until(lambda wanted=begin + ROUND // 3: _reported(database) >= wanted)  # type: ignore[misc]
        if begin + ROUND < COUNT:
            process.end(signal.SIGKILL)
    await _until(lambda: _reported(database) == COUNT, 300)
    assert process.end(signal.SIGTERM) == 0

    assert _number(database, "notifications") == _number(database, "recorded_messages") == COUNT // 2
    outcomes = await _outcomes(kafka, topics)
    ids = {(change_id, outcome.effect_id) for change_id, outcome in outcomes}
    assert len(ids) == len({change_id for change_id, _ in ids}) == COUNT
    assert Counter(outcome.status for _, outcome in outcomes).keys() == {"completed"}
