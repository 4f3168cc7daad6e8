"""Batches of the loop on a real broker: what is committed, where it goes, and what is parked."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from services.edge.kafka import KafkaSettings
from services.edge.processor import Ceiling
from services.edge.processor.dead_letters import list_dead_letters, read_dead_letter, redrive
from services.edge.processor.ending import StopError
from services.edge.topics import partition_for
from tests.processor_world import PARTITIONS, ToyWorld, eventually

pytestmark = pytest.mark.kafka


@pytest.fixture
async def world(kafka: KafkaSettings) -> AsyncIterator[ToyWorld]:
    """Topics of its own for each test."""
    opened = await ToyWorld(kafka).open()
    yield opened
    await opened.close()


async def test_every_change_leaves_its_event_once(world: ToyWorld) -> None:
    """Two thousand changes in many batches equal the model's events, key by key."""
    world.start(batch_records=100)
    await world.send_many(2_000)
    await world.arrived(2_000)
    verdict = await world.verdict()
    assert not verdict.bad, verdict.examples
    assert verdict.counted["events"] == 2_000


async def test_every_event_carries_the_input_position_behind_it(world: ToyWorld) -> None:
    """The header is the offset of the change plus one."""
    world.start()
    offsets = [await world.send("t/toy/1", "add") for _ in range(3)]
    events = await world.arrived(3)
    assert [int(dict(event.headers)["next-offset"]) for event in events] == [offset + 1 for offset in offsets]


async def test_a_batch_larger_than_a_builder_keeps_its_order(world: ToyWorld) -> None:
    """Several megabytes of one item go out in several record batches, in order."""
    for number in range(8):
        await world.send("t/toy/1", "add", number=number, text="x" * 300_000)
    world.start(batch_records=8, batch_ms=60_000)
    events = await world.arrived(8)
    assert [orjson.loads(event.value)["event"]["number"] for event in events] == list(range(8))
    assert [event.offset for event in events][:6] == list(range(6))  # one transaction: no marker between them
    verdict = await world.verdict()
    assert not verdict.bad, verdict.examples


async def test_a_change_on_a_wrong_partition_is_forwarded_once(world: ToyWorld) -> None:
    """Its item lives on the partition of its key; the change is decided there."""
    wrong = 1 - partition_for(b"t/toy/1", PARTITIONS)
    world.start()
    await world.send("t/toy/1", "add", partition=wrong)
    events = await world.arrived(1)
    assert events[0].partition != wrong
    assert Counter(record.partition for record in await world.records(world.stream.inbox)) == {0: 1, 1: 1}


async def test_what_cannot_be_read_is_parked_with_its_bytes_and_origin(world: ToyWorld) -> None:
    """The partition goes on behind it."""
    world.start()
    offset = await world.send_bytes(b"t/toy/1", b"{broken", headers=[("trace", b"7")])
    await world.send("t/toy/1", "add")
    await world.arrived(1)
    letter = read_dead_letter((await world.records(world.stream.dead_letters))[0])
    assert (letter.key, letter.value, dict(letter.headers)["trace"]) == (b"t/toy/1", b"{broken", b"7")
    assert (letter.origin.topic, letter.origin.offset) == (world.stream.inbox, offset)
    assert (letter.fault.reason, letter.fault.ours, letter.fault.tenant) == ("undecodable", False, "t")


async def test_a_bug_in_a_decision_parks_its_change_as_our_fault(world: ToyWorld) -> None:
    """An exception of `decide` costs one change."""
    world.start()
    await world.send("t/toy/1", "boom")
    await world.send("t/toy/1", "add")
    await world.arrived(1)
    letter = read_dead_letter((await world.records(world.stream.dead_letters))[0])
    assert (letter.fault.reason, letter.fault.ours) == ("internal_error", True)


async def test_an_output_that_the_broker_would_refuse_parks_its_change(world: ToyWorld) -> None:
    """Sizes are checked before a send: a commit that fails would fail for ever."""
    world.start(largest_record=20_000)
    await world.send("t/toy/1", "add", text="x" * 30_000)
    await world.send("t/toy/1", "add")
    events = await world.arrived(1)
    assert len(events) == 1
    letters = [read_dead_letter(record) for record in await world.records(world.stream.dead_letters)]
    assert [letter.fault.reason for letter in letters] == ["too_large"]


async def test_a_redriven_dead_letter_is_handled_like_a_new_change(world: ToyWorld) -> None:
    """The original bytes go back, marked by where they lay."""
    world.start(largest_of={world.stream.log: 20_000})
    await world.send("t/toy/1", "add", text="x" * 30_000)
    await world.arrived(1, world.stream.dead_letters)
    await world.stop()
    reader = AIOKafkaConsumer(bootstrap_servers=world.place.bootstrap, isolation_level="read_committed")
    sender = AIOKafkaProducer(bootstrap_servers=world.place.bootstrap)
    await reader.start()
    await sender.start()
    letters = [letter async for letter in list_dead_letters(reader, world.stream.dead_letters)]
    await redrive(sender, letters[0])
    await reader.stop()
    await sender.stop()
    world.start()
    assert len(await world.arrived(1)) == 1
    sent = [record for record in await world.records(world.stream.inbox) if dict(record.headers).get("redrive-of")]
    assert [record.value for record in sent] == [letters[0].value]


async def test_too_many_faults_of_ours_stop_the_worker_before_it_commits_past_them(world: ToyWorld) -> None:
    """The ceiling: faults of two tenants, more than the share of the window."""
    here = [f"t{tenant}/toy/{number}" for tenant in (1, 2) for number in range(50)]
    keys = [key for key in here if partition_for(key.encode(), PARTITIONS) == 0]
    for key in (*keys[:3], *keys[-3:]):
        await world.send(key, "boom")
    running = world.start(ceiling=Ceiling(share=0.5, window=10, minimum=4))
    await eventually(running.ended.done)
    assert isinstance(running.ended.result(), StopError)
    assert "ceiling" in str(running.ended.result())
    assert await world.records(world.stream.dead_letters) == []


async def test_one_tenants_bad_input_stops_nobody(world: ToyWorld) -> None:
    """Undecodable records are not our fault, however many there are."""
    running = world.start(ceiling=Ceiling(share=0.1, window=10, minimum=2))
    for _ in range(20):
        await world.send_bytes(b"t/toy/1", b"{broken")
    await world.send("t/toy/1", "add")
    await world.arrived(1)
    assert not running.ended.done()


async def test_a_new_owner_of_a_partition_fences_the_old_one(world: ToyWorld) -> None:
    """The old one ends at its next commit, and what it had decided is not in the log."""
    running = world.start()
    await running.ready()
    clients = running.processor._worker.clients
    thieves = [clients.producer(number) for number in range(PARTITIONS)]
    for thief in thieves:
        await thief.start()
    await world.send("t/toy/1", "add")
    await eventually(running.ended.done)
    assert type(running.ended.result()).__name__ == "ProducerFenced"
    assert await world.records(world.stream.log) == []
    for thief in thieves:
        await thief.stop()
