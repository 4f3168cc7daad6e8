"""`status`: what runs, what is ready, how far each service is behind, and what lies in the dead letters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaTimeoutError

from services.cli.edge import wait_for_topic
from services.cli.stack import marks, supervisor
from services.cli.stack.lifting import readiness
from services.cli.stack.place import ports
from services.edge.kafka import KafkaSettings, admin, consumer
from services.edge.topics import Topics

_LOOK_MS = 300
_ANSWER_SECONDS = 60.0
_MOST_LETTERS = 10_000


class UnitStatus(NamedTuple):
    """One process; `not_ready` is empty when it is ready."""

    name: str
    pid: int
    running: bool
    not_ready: str
    restarts: int
    up_seconds: int


class Lag(NamedTuple):
    """How far a service is behind a topic: records, and the age of the oldest of them."""

    service: str
    topic: str
    records: int
    seconds: float


class KafkaStatus(NamedTuple):
    """What the cluster tells."""

    lags: Sequence[Lag]
    dead_letters: int
    """Counted up to 10,000."""


def processes(home: Path) -> list[UnitStatus]:
    """Return the processes that `up` has started, those that should run and do not included."""
    named = sorted({name.removesuffix(".health") for name in ports(home)} | {mark.name for mark in marks.every(home)})
    return [_unit(home, name) for name in named if name != supervisor.NAME]


def _unit(home: Path, name: str) -> UnitStatus:
    mark = marks.read(home, name)
    running = marks.process_of(mark) is not None
    if mark is None or not running:
        return UnitStatus(name, 0, running=False, not_ready="does not run", restarts=0, up_seconds=0)
    seconds = int(time.time() - mark.started)
    return UnitStatus(name, mark.pid, True, readiness(home, name), mark.restarts, seconds)


def followed(topics: Topics) -> Mapping[str, Sequence[str]]:
    """Return the topics that each consumer group reads."""
    return {
        f"{topics.prefix}deal_stream": (topics.changes,),
        f"{topics.prefix}payment_tracker": (topics.payments,),
        f"{topics.prefix}notifier": (topics.effects,),
        f"{topics.prefix}history": (topics.events, topics.payment_events),
        f"{topics.prefix}history-searches": (topics.effects,),
    }


async def cluster(kafka: KafkaSettings, topics: Topics) -> KafkaStatus:
    """Ask the cluster; raises KafkaError, BrokerError."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await _ask(kafka, topics)
    except TimeoutError as error:
        raise KafkaTimeoutError("Kafka does not tell what is in its topics") from error


async def _ask(kafka: KafkaSettings, topics: Topics) -> KafkaStatus:
    client, reader = admin(kafka), consumer(kafka, None, offset_reset="none")
    await client.start()
    try:
        await reader.start()
        lags = [await _lag(client, reader, group, topic) for group, read in followed(topics).items() for topic in read]
        letters = await _count(reader, topics.dead_letters)
    finally:
        await reader.stop()
        await client.close()
    return KafkaStatus([lag._replace(service=lag.service.removeprefix(topics.prefix)) for lag in lags], letters)


async def _lag(client: AIOKafkaAdminClient, reader: AIOKafkaConsumer, group: str, topic: str) -> Lag:
    """Return the lag of a group: from its committed offsets, so what is not committed counts as not done."""
    await wait_for_topic(reader, topic)
    parts = [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic) or ())]
    done: Mapping[TopicPartition, Any] = await client.list_consumer_group_offsets(group, partitions=parts)
    starts, ends = await reader.beginning_offsets(parts), await reader.end_offsets(parts)
    next_ = {part: max(done[part].offset if part in done else -1, starts[part]) for part in parts}
    behind = {part: next_[part] for part in parts if next_[part] < ends[part]}
    oldest = await _oldest(reader, behind, ends) if behind else {}
    records = sum(ends[part] - next_[part] for part in oldest)
    seconds = max((time.time() - moment / 1000 for moment in oldest.values()), default=0.0)
    return Lag(group, topic, records, round(max(seconds, 0.0), 1))


async def _oldest(
    reader: AIOKafkaConsumer, behind: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Return the time of the first record not done; a partition with nothing but transaction marks is left out."""
    reader.assign(list(behind))
    for part, offset in behind.items():
        reader.seek(part, offset)
    found: dict[TopicPartition, int] = {}
    left = list(behind)
    while left:  # an empty answer says that the broker is slow, the position that there is nothing
        for part, records in (await reader.getmany(*left, timeout_ms=_LOOK_MS)).items():
            found[part] = records[0].timestamp
            reader.pause(part)
        left = [part for part in left if part not in found and await reader.position(part) < ends[part]]
    return found


async def _count(reader: AIOKafkaConsumer, topic: str) -> int:
    """Count the records of a topic; offsets would count transaction marks too."""
    await wait_for_topic(reader, topic)
    parts = [TopicPartition(topic, number) for number in reader.partitions_for_topic(topic) or ()]
    starts, ends = await reader.beginning_offsets(parts), await reader.end_offsets(parts)
    filled = [part for part in parts if starts[part] < ends[part]]
    if not filled:
        return 0
    reader.assign(filled)
    for part in filled:
        reader.seek(part, starts[part])
    count = 0
    while count < _MOST_LETTERS and any([await reader.position(part) < ends[part] for part in filled]):
        count += sum(len(records) for records in (await reader.getmany(timeout_ms=_LOOK_MS)).values())
    return count
