"""Searches on a real broker: a search sees all that its item has caused, whoever reads which partition (spec 4.36)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import TopicPartition
from pydantic import SecretStr

from automation.definitions import models as m
from automation.definitions.saved import DefinitionSaved
from automation.envelope import Key, Recorded
from automation.items import events as e
from automation.items.changes import ReportOutcome
from automation.items.search_effects import SearchRequested
from services.edge.codec import DefinitionCodec, Signer, event_headers, item_changes, item_events
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.topics import Topics
from services.history.bootstrap import history_service
from services.history.settings import HistorySettings
from services.notifier.settings import SigningSettings
from tests.history_world import recorded

pytestmark = pytest.mark.kafka

SECRET = "s" * 32
DEAL = Key("acme", "deal", "1")
ROUNDS = 12
FIELDS = m.Fields(item_type="contact", fields=(m.FieldDef(code="city", title="City", type="string"),))


@asynccontextmanager
async def _history(kafka: KafkaSettings, topics: Topics, home: Path) -> AsyncIterator[None]:
    """Run the service as its process does."""
    settings = HistorySettings(database_url=SecretStr(f"sqlite:///{home}/h.db"), health_port=0)
    signing = SigningSettings(signing_secrets=SecretStr(SECRET))
    async with history_service(kafka, topics, settings, signing) as (service, _):
        task = asyncio.create_task(service.run())
        try:
            yield
        finally:
            service.stop()
            await task


async def _define(kafka: KafkaSettings, topics: Topics) -> None:
    saved = DefinitionSaved("acme", "fields", "contact", 1, 0, "ann", 0, "a1", True, False, FIELDS.model_dump_json())
    sender = producer(kafka)
    await sender.start()
    await sender.send_and_wait(topics.definitions, DefinitionCodec().encode(saved), b"acme/fields/contact", 0)
    await sender.stop()


def _caused(number: int) -> tuple[Recorded, Recorded]:
    """Return a contact that the deal has caused, and the search for it that follows."""
    created = e.ItemCreated({"city": f"city {number}"}, "", "", "", "", (), automated=True)
    filter_ = orjson.dumps({"field": "city", "op": "eq", "value": f"city {number}"}).decode()
    search = SearchRequested(f"e{number}", "r1", "contact", filter_, {}, ("city",))
    return recorded(Key("acme", "contact", str(100 + number)), 1, created), recorded(DEAL, number + 1, search)


async def _send(sender: Any, topics: Topics, contact: Recorded, search: Recorded) -> None:
    """Write as the engine does: events and effect commit together, the log's partition marked later than the other."""
    codec = item_events()
    async with sender.transaction():
        for topic, one in ((topics.events, contact), (topics.events, search), (topics.effects, search)):
            key = one.envelope.key.text.encode()
            await sender.send_and_wait(topic, codec.encode(one), key, headers=event_headers(one))


async def _answers(kafka: KafkaSettings, topics: Topics, count: int) -> dict[str, ReportOutcome]:
    """Return the first `count` answers by effect; their signatures are verified."""
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    parts = [TopicPartition(topics.changes, number) for number in range(topics.partitions)]
    reader.assign(parts)
    await reader.seek_to_beginning(*parts)
    codec, found = item_changes(Signer([SECRET.encode()])), dict[str, ReportOutcome]()
    try:
        async with asyncio.timeout(60):
            while len(found) < count:
                for batch in (await reader.getmany(timeout_ms=200)).values():
                    for record in batch:
                        frame, outcome = codec.decode(record.value)
                        assert frame.key == DEAL
                        found.setdefault(outcome.effect_id, outcome)
    finally:
        await reader.stop()
    return found


async def test_a_search_sees_what_its_item_caused_just_before(
    kafka: KafkaSettings, topics: Topics, tmp_path: Path
) -> None:
    """On any partition, in the same transaction, over a restart; no search is left without an answer."""
    await _define(kafka, topics)
    sender = producer(kafka, transactional_id=f"{topics.prefix}engine")
    await sender.start()
    async with _history(kafka, topics, tmp_path):
        for number in range(1, ROUNDS):
            await _send(sender, topics, *_caused(number))
        await _answers(kafka, topics, ROUNDS - 1)
    await _send(sender, topics, *_caused(ROUNDS))
    async with _history(kafka, topics, tmp_path):
        found = await _answers(kafka, topics, ROUNDS)
    await sender.stop()

    assert {name: outcome.results["item_id"] for name, outcome in found.items()} == {
        f"e{number}": str(100 + number) for number in range(1, ROUNDS + 1)
    }
