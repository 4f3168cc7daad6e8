"""Restores on a real broker: local store, snapshots and floor, lost offsets, broken logs, items set aside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from automation.envelope import Recorded
from services.edge.kafka import KafkaSettings, admin
from services.edge.local_store import RocksStore
from services.edge.processor.dead_letters import read_dead_letter
from services.edge.processor.ending import StopError
from services.edge.processor.store import IDENTITY, POSITION, write_number
from services.edge.topics import partition_for
from tests.chaos.offsets import forget_offsets
from tests.chaos.toy import Counter, Toy
from tests.processor_world import PARTITIONS, Running, ToyWorld, eventually

pytestmark = pytest.mark.kafka


@pytest.fixture
async def world(kafka: KafkaSettings) -> AsyncIterator[ToyWorld]:
    """Topics of its own for each test."""
    opened = await ToyWorld(kafka).open()
    yield opened
    await opened.close()


async def _processed(world: ToyWorld, count: int, **settings: Any) -> None:
    """Let a worker process so many changes of one item, and stop it."""
    before = len(await world.records(world.stream.log))
    world.start(**settings)
    for _ in range(count):
        await world.send("t/toy/1", "add")
    await world.arrived(before + count)
    await world.stop()


async def _total(world: ToyWorld, events: int, **settings: Any) -> int:
    """Process one more change and return the item's version behind it."""
    running = world.start(**settings)
    await world.send("t/toy/1", "add")
    records = await world.arrived(events + 1)
    assert not running.ended.done()
    return int(orjson.loads(records[-1].value)["envelope"][4])


async def test_a_restart_goes_on_from_the_local_store(world: ToyWorld, tmp_path: Path) -> None:
    """Nothing is folded twice, and the versions go on."""
    await _processed(world, 5, data_dir=tmp_path)
    assert await _total(world, 5, data_dir=tmp_path) == 6


async def test_a_new_worker_folds_the_log(world: ToyWorld) -> None:
    """Without a store and without snapshots."""
    await _processed(world, 5)
    assert await _total(world, 5) == 6


async def test_a_new_worker_starts_from_snapshots_and_their_floor(world: ToyWorld) -> None:
    """Proved by a log whose beginning is gone: only the snapshots know of it."""
    await _processed(world, 30, snapshot_every=5, batch_records=4)
    kinds = [record.key for record in await world.records(world.stream.snapshots)]
    assert b"1/t/toy/1" in kinds
    assert any(key.startswith(b"1#floor#") for key in kinds)
    await _cut_log(world, 5)
    left = len(await world.records(world.stream.log))
    assert left < 30
    assert await _total(world, left) == 31


async def test_open_timers_survive_in_snapshots(world: ToyWorld) -> None:
    """A timer that was set before the floor fires on another worker."""
    await world.start(snapshot_every=3, batch_records=2).ready()
    await world.send("t/toy/1", "wait", **{"in": 8_000, "to": ""})
    for _ in range(20):
        await world.send("t/toy/1", "add")
    await world.arrived(21)
    await world.stop()
    await _cut_log(world, 1)
    world.start()
    events = await world.arrived(21)
    assert orjson.loads(events[-1].value)["event"]["kind"] == "fired"


async def test_a_store_of_another_topic_is_thrown_away(world: ToyWorld, tmp_path: Path) -> None:
    """The ids of cluster and topic must be the same."""
    await _processed(world, 3, data_dir=tmp_path)
    _tamper(world, tmp_path, {IDENTITY: b"1|elsewhere/0000"})
    assert await _total(world, 3, data_dir=tmp_path) == 4


async def test_a_store_from_beyond_the_end_of_the_log_is_thrown_away(world: ToyWorld, tmp_path: Path) -> None:
    """A log that was restored from a backup is shorter than what the store has seen."""
    await _processed(world, 3, data_dir=tmp_path)
    _tamper(world, tmp_path, {POSITION: write_number(1_000)})
    assert await _total(world, 3, data_dir=tmp_path) == 4


@pytest.mark.parametrize("kept", [True, False])
async def test_forgotten_offsets_are_found_in_the_events(world: ToyWorld, tmp_path: Path, kept: bool) -> None:
    """With a local store and without one: no change is processed again."""
    await _processed(world, 4, data_dir=tmp_path / "first")
    assert await forget_offsets(world.place) > 0
    await _total(world, 4, data_dir=tmp_path / ("first" if kept else "second"))
    verdict = await world.verdict()
    assert not verdict.bad, verdict.examples


async def test_forgotten_offsets_behind_dead_letters_are_found_in_a_marker(world: ToyWorld) -> None:
    """Dead letters leave no event, so the batch leaves a marker."""
    await _processed(world, 1)
    world.start()
    await world.send_bytes(b"t/toy/1", b"{broken")
    await world.arrived(1, world.stream.dead_letters)
    await world.stop()
    await forget_offsets(world.place)
    await _total(world, 1)
    assert len(await world.records(world.stream.dead_letters)) == 1


@pytest.mark.parametrize(("version", "word"), [(7, "gap"), (2, "repeat")])
async def test_a_broken_log_stops_the_worker(world: ToyWorld, tmp_path: Path, version: int, word: str) -> None:
    """Versions have no gaps and no repeats; whoever finds one stops and says where."""
    await _processed(world, 3, data_dir=tmp_path)
    await _append_foreign(world, version)
    running = world.start(data_dir=tmp_path)
    await eventually(running.ended.done)
    assert isinstance(running.ended.result(), StopError)
    assert word in str(running.ended.result())


class _Buggy(Toy):
    """Cannot fold what it has written for one item."""

    def evolve(self, state: Counter, recorded: Recorded) -> Counter:
        """Fail on one item."""
        if recorded.envelope.item_id == "1":
            raise RuntimeError("a bug")
        return super().evolve(state, recorded)


async def test_an_item_that_cannot_be_folded_is_set_aside_and_the_others_go_on(world: ToyWorld) -> None:
    """Its changes go to dead letters."""
    await _processed(world, 2)
    world.start(stream=_Buggy(world.place.prefix))
    other = next(key for key in (f"t/toy/{number}" for number in range(2, 99)) if _part(key) == _part("t/toy/1"))
    await world.send("t/toy/1", "add")
    await world.send(other, "add")
    await world.arrived(3)
    letters = [read_dead_letter(record) for record in await world.records(world.stream.dead_letters)]
    assert [(letter.fault.reason, letter.fault.ours) for letter in letters] == [("set_aside", True)]


async def test_a_worker_is_ready_when_it_is_assigned_and_restored(world: ToyWorld) -> None:
    """Before that it says why not."""
    running: Running = world.start()
    assert running.processor.ready() == "no assignment yet"
    await running.ready()
    assert running.processor.alive() == ""


def _part(key: str) -> int:
    return partition_for(key.encode(), PARTITIONS)


def _tamper(world: ToyWorld, data: Path, changes: dict[bytes, bytes | None]) -> None:
    store = RocksStore(data / f"{world.stream.name}-{_part('t/toy/1')}")
    store.write(changes)
    store.close()


async def test_a_rebalance_while_the_worker_stops_takes_nothing_and_the_stop_stays_in_order(
    world: ToyWorld, tmp_path: Path
) -> None:
    """Its stores may still be open, and could not be opened a second time."""
    running = world.start(data_dir=tmp_path)
    await running.ready()
    running.processor.stop()
    await running.processor._take({TopicPartition(world.stream.inbox, 0)})
    await running.stop()
    assert not running.ended.done()


async def _cut_log(world: ToyWorld, offset: int) -> None:
    client = admin(world.kafka)
    await client.start()
    part = TopicPartition(world.stream.log, _part("t/toy/1"))
    await client.delete_records({part: RecordsToDelete(before_offset=offset)})
    await client.close()


async def _append_foreign(world: ToyWorld, version: int) -> None:
    last = (await world.records(world.stream.log))[-1]
    value = orjson.loads(last.value)
    value["envelope"][4] = version
    sender = AIOKafkaProducer(bootstrap_servers=world.place.bootstrap)
    await sender.start()
    await sender.send_and_wait(last.topic, orjson.dumps(value), last.key, last.partition, headers=list(last.headers))
    await sender.stop()
