"""Puts `notifier` together: database, channels, Kafka clients and the service."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from services.edge.clock import SystemClock
from services.edge.codec import Signer, item_changes, item_events, prepare
from services.edge.codec.streams import CHANGES
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.sql import Database, open_database
from services.edge.topics import Topics
from services.notifier.catalogue import load_channels
from services.notifier.channel import ChannelEntry, Resources
from services.notifier.codec import AvroCodec
from services.notifier.dispatch import Dispatcher, Limits
from services.notifier.intake import Intake
from services.notifier.kafka import EffectsConsumer, KafkaRecords
from services.notifier.ledger import Ledger
from services.notifier.means import Means
from services.notifier.metrics import NotifierMetrics
from services.notifier.service import Notifier, Pace
from services.notifier.settings import NotifierSettings, SigningSettings
from services.notifier.shared_clock import SharedClock
from services.notifier.tables import ALL

GROUP = "notifier"


class Deployment(NamedTuple):
    """All that differs between installations."""

    settings: NotifierSettings
    kafka: KafkaSettings
    topics: Topics
    signing: SigningSettings
    channels: Callable[[], Mapping[str, ChannelEntry]] = load_channels


@asynccontextmanager
async def notifier(deployment: Deployment, registry: CollectorRegistry) -> AsyncIterator[Notifier]:
    """Yield a notifier ready to run; its database and its producer are closed afterwards."""
    await prepare(CHANGES)
    url = deployment.settings.database_url.get_secret_value()
    with closing(await asyncio.to_thread(open_database, url)) as database:
        await asyncio.to_thread(database.create, ALL)
        sender = producer(deployment.kafka)
        await sender.start()
        try:
            records = KafkaRecords(sender, deployment.topics.dead_letters)
            yield _notifier(deployment, database, records, registry)
        finally:
            await sender.stop()


def _notifier(
    deployment: Deployment, database: Database, records: KafkaRecords, registry: CollectorRegistry
) -> Notifier:
    settings, topics = deployment.settings, deployment.topics
    clock = SharedClock(database, SystemClock())
    codec = AvroCodec(item_events(), item_changes(Signer(deployment.signing.each())), topics.changes)
    means = Means(Ledger(database), codec, records, clock, NotifierMetrics(registry))
    dispatchers = _dispatchers(deployment, database, means)
    group = f"{topics.prefix}{GROUP}"
    reader = consumer(deployment.kafka, group, offset_reset="none", instance_id=settings.instance_id)
    intake = Intake(means, {dispatcher.name for dispatcher in dispatchers})
    effects = EffectsConsumer(reader, topics.effects, intake, clock)
    pace = Pace(settings.poll_seconds, settings.stop_seconds, keep_days=settings.keep_days)
    return Notifier(effects, dispatchers, means, clock, pace)


def _dispatchers(deployment: Deployment, database: Database, means: Means) -> list[Dispatcher]:
    settings, owner = deployment.settings, uuid.uuid4().hex
    limits = Limits(settings.concurrency, int(settings.send_seconds * 1000), int(settings.lease_seconds * 1000))
    resources = Resources(database, settings)
    return [
        Dispatcher(name, entry.open(resources), means, owner, limits) for name, entry in deployment.channels().items()
    ]
