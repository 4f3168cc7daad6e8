"""Puts `history` together: the index, the codecs, the feed, the health port; and its reading half for others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from automation.records import fold
from services.edge.codec import item_events, payment_events
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings, consumer
from services.edge.topics import Topics
from services.history.definitions_view import DefinitionsView
from services.history.feed import LogFeed
from services.history.heads import readers_of
from services.history.indexer import Indexer
from services.history.metrics import HistoryMetrics
from services.history.opening import open_history, open_history_reader
from services.history.queries import History
from services.history.service import HistoryService
from services.history.settings import HistorySettings
from services.history.store import HistoryReader

GROUP = "history"


class Running(NamedTuple):
    """The service with its health port; neither runs yet."""

    service: HistoryService
    health: HealthPort


@asynccontextmanager
async def history_service(kafka: KafkaSettings, topics: Topics, settings: HistorySettings) -> AsyncIterator[Running]:
    """Yield the service; its database is closed afterwards."""
    with closing(await asyncio.to_thread(open_history, settings.database_url.get_secret_value())) as store:
        registry = CollectorRegistry()
        metrics = HistoryMetrics(registry)
        logs = readers_of(topics)
        reader = consumer(kafka, f"{topics.prefix}{GROUP}", offset_reset="none", instance_id=settings.instance_id)
        feed = LogFeed(reader, list(logs), Indexer(store, logs, metrics))
        view = DefinitionsView(kafka, topics, f"{topics.prefix}{GROUP}", settings.instance_id)
        service = HistoryService(feed, store, metrics, view)
        health = HealthPort(service.why_not_alive, service.why_not_ready, registry, settings.health_port)
        yield Running(service, health)


def history_of(store: HistoryReader) -> History:
    """Return the queries on a store, with the codecs and the fold of this release."""
    return History(store, item_events().decode, fold, payment_events().decode)


def open_queries(settings: HistorySettings | None = None) -> History:
    """Return the queries on the configured index, opened read-only; `FileNotFoundError` where there is none yet."""
    chosen = settings or HistorySettings()
    return history_of(open_history_reader(chosen.database_url.get_secret_value()))
