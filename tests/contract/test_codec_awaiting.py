"""A Schema Registry that takes its time holds up whoever needs its answer, and nobody else on the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from automation.items.changes import CreateItem
from services.deal_stream.copies import Copies
from services.deal_stream.stream import DealStream
from services.edge.codec import SchemaAwaitedError, answered, item_changes, item_events, patiently, payment_changes
from services.edge.codec.awaiting import prepare
from services.edge.codec.rest_registry import RestRegistry
from services.edge.codec.streams import CHANGES
from services.edge.definitions import FixedDefinitions
from services.edge.topics import Topics
from tests.chaos.deal import SIGNER
from tests.codec_world import FRAME
from tests.contract.test_codec_registry import FakeSchemaRegistry
from tests.core import spec
from tests.decider_world import decider_of, new_batch, record_of

TOPICS = Topics()


class SlowRegistry(FakeSchemaRegistry):
    """Answers when it is told to: an event loop that waits for it in place never gets to telling it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()
        self.go.set()

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """Wait, at most for as long as a client would."""
        self.asked.set()
        assert self.go.wait(5)
        return super().answer(path, body)

    def hold(self) -> None:
        """Answer nothing from now on."""
        self.asked.clear()
        self.go.clear()

    async def let_go(self) -> None:
        """Answer as soon as the question is there."""
        await asyncio.to_thread(self.asked.wait, 5)
        self.go.set()


@pytest.fixture
def slow() -> Iterator[SlowRegistry]:
    """A Schema Registry without schemas."""
    registry = SlowRegistry()
    yield registry
    registry.go.set()
    registry.server.shutdown()
    registry.server.server_close()


async def test_the_loop_goes_on_while_the_schema_of_a_change_is_asked_for(slow: SlowRegistry) -> None:
    """The answer comes only once the loop had a turn."""
    value = item_changes(registry=RestRegistry(slow.url)).encode(FRAME, CreateItem({}))
    reader = item_changes(registry=RestRegistry(slow.url))
    slow.hold()

    read, _ = await asyncio.gather(patiently(lambda: reader.decode(value)), slow.let_go())

    assert read == (FRAME, CreateItem({}))
    assert reader.decode(value) == read


async def test_a_registry_that_gives_no_answer_is_asked_again(slow: SlowRegistry) -> None:
    """It comes back, and the record is read then."""
    value = item_changes(registry=RestRegistry(slow.url)).encode(FRAME, CreateItem({}))
    reader = item_changes(registry=RestRegistry(slow.url))
    slow.broken = 503
    with pytest.raises(SchemaAwaitedError) as awaited:
        reader.decode(value)
    assert not await answered(awaited.value)

    slow.broken = 0

    assert await answered(awaited.value)
    assert reader.decode(value)[0] == FRAME


async def test_what_a_service_writes_is_registered_off_the_loop_before_it_starts(slow: SlowRegistry) -> None:
    """After that, writing and reading ask nothing."""
    registry = RestRegistry(slow.url)
    slow.hold()
    await asyncio.gather(prepare(CHANGES, registry=registry), slow.let_go())
    calls = len(slow.calls)

    codec = item_changes(registry=registry)
    codec.decode(codec.encode(FRAME, CreateItem({})))

    assert len(slow.calls) == calls == len(CHANGES.bodies)


def _stream(registry: RestRegistry) -> DealStream:
    changes, events = item_changes(SIGNER, registry), item_events()
    copies = Copies(TOPICS, events, changes, payment_changes(SIGNER))
    book = spec.book_of(spec.pipeline(), *spec.PEOPLE)
    return DealStream(TOPICS, changes, events, copies, FixedDefinitions(book), "test")


async def test_a_change_whose_schema_is_being_asked_for_is_not_parked(slow: SlowRegistry) -> None:
    """It stays in the queue, and is decided after the answer."""
    value = item_changes(registry=RestRegistry(slow.url)).encode(FRAME, CreateItem({}))
    record = record_of(TOPICS.changes, FRAME.key.text.encode(), value)
    decider, queue, batch = decider_of(_stream(RestRegistry(slow.url)), TOPICS), deque([record]), new_batch()

    with pytest.raises(SchemaAwaitedError) as awaited:
        decider.fill(batch, queue)
    assert (len(queue), batch.handled, batch.outputs.count) == (1, 0, 0)
    await answered(awaited.value)
    decider.fill(batch, queue)

    assert (len(queue), batch.handled, batch.next) == (0, 1, 1)
    assert not batch.parked
    assert batch.outputs.count > 0
