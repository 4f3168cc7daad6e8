"""Timers of the loop on a real broker: order against changes, the clock, bursts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.edge.kafka import KafkaSettings
from services.edge.processor.inbox import Inbox
from tests.processor_world import ToyWorld

pytestmark = pytest.mark.kafka


@pytest.fixture
async def world(kafka: KafkaSettings) -> AsyncIterator[ToyWorld]:
    """Topics of its own for each test."""
    opened = await ToyWorld(kafka).open()
    yield opened
    await opened.close()


async def test_after_an_outage_timers_fire_between_the_changes_where_they_were_due(world: ToyWorld) -> None:
    """What came before the deadline still counts as before it, although all is read late."""
    await world.send("t/toy/1", "wait", **{"in": 3_000, "to": ""})
    await world.send("t/toy/1", "add")
    await asyncio.sleep(3.3)
    await world.send("t/toy/1", "add")
    world.start()
    events = [orjson.loads(record.value)["event"]["kind"] for record in await world.arrived(4)]
    assert events == ["wait", "add", "fired", "add"]
    verdict = await world.verdict()
    assert not verdict.bad, verdict.examples


async def test_the_clock_fires_a_timer_when_nothing_else_comes(world: ToyWorld) -> None:
    """Not before it is due."""
    running = world.start()
    await running.ready()
    await world.send("t/toy/1", "wait", **{"in": 700, "to": ""})
    fired = (await world.arrived(2))[-1]
    due = orjson.loads(fired.value)["event"]["due"]
    assert due <= fired.timestamp


async def test_a_burst_of_timers_is_cut_into_batches_and_keeps_due_order(world: ToyWorld) -> None:
    """A hundred timers in batches of ten; (due, key, id) is their order."""
    for number in range(100):
        await world.send(f"t/toy/{number % 7}", "wait", **{"in": 300 - number, "to": ""})
    await asyncio.sleep(0.4)
    running = world.start(batch_records=10)
    await world.arrived(200)
    verdict = await world.verdict()
    assert not verdict.bad, verdict.examples
    assert verdict.counted["timers"] == 100
    assert not running.ended.done()


async def test_a_timer_asks_another_item_in_the_same_transaction(world: ToyWorld) -> None:
    """The answer to a timer may be a change of an item on another partition."""
    world.start()
    for number in range(6):
        await world.send(f"t/toy/{number}", "wait", **{"in": 50, "to": f"t/toy/{number + 1}"})
    await world.arrived(18)
    verdict = await world.verdict()
    assert not verdict.bad, verdict.examples


async def test_what_no_fetch_has_shown_yet_counts_as_following(world: ToyWorld) -> None:
    """The consumer, paused from the start, has fetched nothing and knows nothing: the broker is asked."""
    part = TopicPartition(world.stream.inbox, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=world.place.bootstrap)
    await consumer.start()
    consumer.assign([part])
    consumer.pause(part)
    consumer.seek(part, 0)
    assert await Inbox(consumer, 10).bounds(part) == (0, 0)
    assert await Inbox(consumer, 10).nothing_follows(part)
    await world.send("t/toy/1", "add", 0)
    assert consumer.highwater(part) is None
    assert not await Inbox(consumer, 10).nothing_follows(part)
    await consumer.stop()
