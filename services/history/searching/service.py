"""Answers searches: reads `crm.effects`, waits until the index has passed the end of the log, tells the asking item.

At least once: an answer that was sent before a crash is sent again under the same change id, and dropped as a repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from automation.envelope import Recorded, stable_id
from automation.items.changes import ChangeFrame, ReportOutcome
from automation.items.search_effects import SearchRequested
from automation.plan import Answer
from services.edge.codec import ChangeCodec, EventCodec
from services.edge.definitions import DefinitionsFollower
from services.edge.log import logger
from services.edge.stream import UnreadableError
from services.edge.topics import Topics
from services.history.indexer import context
from services.history.searching.find import find
from services.history.store import SqlHistory

_TYPE = ("type", SearchRequested.__name__.encode())
_FETCH_MS = 200
_LOOK_SECONDS = 0.02


class Clients(NamedTuple):
    """What a process of searches speaks to Kafka with; all are started."""

    effects: AIOKafkaConsumer
    ends: AIOKafkaConsumer
    """Reads nothing: it asks for the ends of the log, open transactions included."""
    answers: AIOKafkaProducer


class Searches:
    """The searches of the partitions of `crm.effects` that this process is assigned."""

    def __init__(
        self, clients: Clients, topics: Topics, store: SqlHistory, definitions: DefinitionsFollower,
        events: EventCodec, changes: ChangeCodec,
    ) -> None:  # fmt: skip
        self._clients = clients
        self._topics = topics
        self._store = store
        self._definitions = definitions
        self._events = events
        self._changes = changes
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self) -> None:
        """Answer until asked to stop."""
        self._clients.effects.subscribe([self._topics.effects])
        while not self._stopping.is_set():
            await self.turn()

    async def turn(self) -> int:
        """Answer what one fetch asked for; return how many searches that were."""
        fetched = await self._clients.effects.getmany(timeout_ms=_FETCH_MS)
        asked = [found for batch in fetched.values() for found in self._searches(batch)]
        if asked and await self._passed(await self._ends()):
            await self._answer(asked)
        if fetched and not self._stopping.is_set():
            await self._commit({part: batch[-1].offset + 1 for part, batch in fetched.items()})
        return len(asked)

    def _searches(self, batch: Sequence[Any]) -> list[Recorded]:
        found = []
        for record in batch:
            if _TYPE not in record.headers:
                continue
            try:
                found.append(self._events.decode(record.value))
            except UnreadableError as error:  # `notifier` reads the same topic, and parks it
                logger().warning("history_search_unreadable", reason=error.reason, offset=record.offset)
        return found

    async def _ends(self) -> Mapping[TopicPartition, int]:
        """Return the end of every partition of the log: all that the asking items had caused lies before it."""
        topic = self._topics.events
        parts = [TopicPartition(topic, number) for number in range(self._topics.partitions)]
        found: Mapping[TopicPartition, int] = await self._clients.ends.end_offsets(parts)
        return found

    async def _passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Wait until the index has passed these ends; False where the process is to stop before."""
        waiting = {context(part): end for part, end in ends.items() if end}
        while waiting and not self._stopping.is_set():
            waiting = await asyncio.to_thread(self._behind, waiting)
            if waiting:
                await asyncio.sleep(_LOOK_SECONDS)
        return not waiting

    def _behind(self, ends: Mapping[str, int]) -> dict[str, int]:
        return {name: end for name, end in ends.items() if (self._store.position(name) or 0) < end}

    async def _answer(self, asked: Sequence[Recorded]) -> None:
        await self._definitions.catch_up(max(one.envelope.definitions_version for one in asked))
        told = await asyncio.to_thread(lambda: [self._found(one) for one in asked])
        for one, answer in zip(asked, told, strict=True):
            frame = _frame(one)
            key, value = frame.key.text.encode(), self._changes.encode(frame, _outcome(one, answer))
            await self._clients.answers.send_and_wait(self._topics.changes, value, key)

    def _found(self, asked: Recorded) -> Answer:
        view = self._definitions.book.tenant(asked.envelope.tenant)
        if view is None:
            return Answer("failed", "invalid_value:filter", {})
        return find(self._store, view, asked.event, asked.envelope.recorded_at)

    async def _commit(self, positions: Mapping[TopicPartition, int]) -> None:
        try:
            await self._clients.effects.commit(dict(positions))
        except (CommitFailedError, IllegalStateError):
            logger().info("history_search_overtaken")  # another process was assigned them: it answers them again


def _frame(asked: Recorded) -> ChangeFrame:
    env = asked.envelope
    return ChangeFrame(
        stable_id("answer", env.tenant, asked.event.effect_id), env.tenant, env.item_type, env.item_id,
        env.recorded_at, "system", "system", 0, env.event_id, env.root_id, env.depth, 0, b"",
    )  # fmt: skip


def _outcome(asked: Recorded, answer: Answer) -> ReportOutcome:
    event: SearchRequested = asked.event
    return ReportOutcome(event.effect_id, event.run_id, answer.status, answer.reason, dict(answer.results))
