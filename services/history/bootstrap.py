"""Puts `history` together: the index, the codecs, the feed, the health port; and its reading half for others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import NamedTuple

from prometheus_client import CollectorRegistry

import automation.actions
import automation.rules
import automation.triggers
from automation.catalogue import load
from automation.records import fold
from services.edge.codec import Signer, item_changes, item_events, payment_events
from services.edge.definitions_view import followed
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.topics import Topics
from services.history.definitions_view import DefinitionsView
from services.history.feed import LogFeed
from services.history.heads import readers_of
from services.history.indexer import Indexer
from services.history.metrics import HistoryMetrics
from services.history.opening import open_history, open_history_reader
from services.history.queries import History
from services.history.searching.service import Clients, Searches
from services.history.service import HistoryService
from services.history.settings import HistorySettings
from services.history.store import HistoryReader, SqlHistory
from services.notifier.settings import SigningSettings

GROUP = "history"
SEARCHES = f"{GROUP}-searches"


class Running(NamedTuple):
    """The service with its health port; neither runs yet."""

    service: HistoryService
    health: HealthPort


@asynccontextmanager
async def history_service(
    kafka: KafkaSettings, topics: Topics, settings: HistorySettings, signing: SigningSettings
) -> AsyncIterator[Running]:
    """Yield the service; its database and the clients of its searches are closed afterwards."""
    async with AsyncExitStack() as stack:
        store = stack.enter_context(closing(await asyncio.to_thread(_opened, settings)))
        registry = CollectorRegistry()
        metrics = HistoryMetrics(registry)
        logs = readers_of(topics)
        reader = consumer(kafka, f"{topics.prefix}{GROUP}", offset_reset="none", instance_id=settings.instance_id)
        feed = LogFeed(reader, list(logs), Indexer(store, logs, metrics))
        view = DefinitionsView(kafka, topics, f"{topics.prefix}{GROUP}", settings.instance_id)
        searches = await _searches(Where(kafka, topics, settings, signing), store, stack)
        service = HistoryService(feed, store, metrics, (view, searches))
        health = HealthPort(service.why_not_alive, service.why_not_ready, registry, settings.health_port)
        yield Running(service, health)


class Where(NamedTuple):
    """All that differs between installations."""

    kafka: KafkaSettings
    topics: Topics
    settings: HistorySettings
    signing: SigningSettings


def _opened(settings: HistorySettings) -> SqlHistory:
    return open_history(settings.database_url.get_secret_value())


async def _searches(where: Where, store: SqlHistory, stack: AsyncExitStack) -> Searches:
    kafka, topics, instance = where.kafka, where.topics, where.settings.instance_id
    member = f"{instance}-searches" if instance else None
    clients = Clients(
        consumer(kafka, f"{topics.prefix}{SEARCHES}", offset_reset="earliest", instance_id=member),
        consumer(kafka, None, offset_reset="none", read_committed=False),
        producer(kafka),
    )
    for client in clients:
        await client.start()
        stack.push_async_callback(client.stop)
    follower = await stack.enter_async_context(
        followed(kafka, topics, load(automation.rules, automation.triggers, automation.actions))
    )
    changes = item_changes(Signer(where.signing.each()))
    return Searches(clients, topics, store, follower, item_events(), changes)


def history_of(store: HistoryReader) -> History:
    """Return the queries on a store, with the codecs and the fold of this release."""
    return History(store, item_events().decode, fold, payment_events().decode)


def open_queries(settings: HistorySettings | None = None) -> History:
    """Return the queries on the configured index, opened read-only; `FileNotFoundError` where there is none yet."""
    chosen = settings or HistorySettings()
    return history_of(open_history_reader(chosen.database_url.get_secret_value()))
