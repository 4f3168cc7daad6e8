"""Puts `notifier` together: database, channels, Kafka clients and the service."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from services.edge.clock import SystemClock
from services.edge.codec import Signer, item_changes, item_events
from services.edge.definitions import DefinitionsFollower
from services.edge.definitions_view import followed
from services.edge.files import FileLinks, FilesSettings, open_files
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.outgoing import Guard, Outgoing
from services.edge.secrets_file import ConnectionSecrets
from services.edge.sql import Database, open_database
from services.edge.topics import Topics
from services.edge.tracked_links import TrackedLinks
from services.notifier.catalogue import load_channels
from services.notifier.channel import ChannelEntry, Resources
from services.notifier.codec import AvroCodec
from services.notifier.connections import Connections
from services.notifier.dispatch import Dispatcher, Limits
from services.notifier.drive import Drive
from services.notifier.gate import Gate
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
    files: FilesSettings | None = None
    """Read from the environment unless given."""


class _World(NamedTuple):
    """What is opened around the service, and closed after it."""

    database: Database
    records: KafkaRecords
    definitions: DefinitionsFollower
    outgoing: Outgoing


@asynccontextmanager
async def notifier(deployment: Deployment, registry: CollectorRegistry) -> AsyncIterator[Notifier]:
    """Yield a notifier ready to run; its database, clients and connections are closed afterwards."""
    url = deployment.settings.database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        database = stack.enter_context(closing(await asyncio.to_thread(open_database, url)))
        await asyncio.to_thread(database.create, ALL)
        sender = producer(deployment.kafka)
        await sender.start()
        stack.push_async_callback(sender.stop)
        definitions = await stack.enter_async_context(followed(deployment.kafka, deployment.topics, {}))
        await definitions.catch_up(None)
        outgoing = Outgoing(Guard(frozenset(deployment.settings.reach.trusted_hosts)))
        stack.push_async_callback(outgoing.close)
        records = KafkaRecords(sender, deployment.topics.dead_letters)
        yield _notifier(deployment, _World(database, records, definitions, outgoing), registry)


def _notifier(deployment: Deployment, world: _World, registry: CollectorRegistry) -> Notifier:
    settings, topics = deployment.settings, deployment.topics
    clock = SharedClock(world.database, SystemClock())
    codec = AvroCodec(item_events(), item_changes(Signer(deployment.signing.each())), topics.changes)
    means = Means(Ledger(world.database), codec, world.records, clock, NotifierMetrics(registry))
    dispatchers = _dispatchers(deployment, world, means)
    group = f"{topics.prefix}{GROUP}"
    reader = consumer(deployment.kafka, group, offset_reset="none", instance_id=settings.instance_id)
    intake = Intake(means, {dispatcher.name for dispatcher in dispatchers})
    effects = EffectsConsumer(reader, topics.effects, intake, clock)
    pace = Pace(settings.poll_seconds, settings.stop_seconds, keep_days=settings.keep_days)
    return Notifier(effects, dispatchers, means, clock, pace, world.definitions)


def _dispatchers(deployment: Deployment, world: _World, means: Means) -> list[Dispatcher]:
    settings, owner = deployment.settings, uuid.uuid4().hex
    limits = Limits(settings.concurrency, int(settings.send_seconds * 1000), int(settings.lease_seconds * 1000))
    resources = _resources(deployment, world, means)
    gate = Gate(resources.connections, means.ledger.quota, means.clock)
    return [
        Dispatcher(name, entry.open(resources), means, owner, limits, gate)
        for name, entry in deployment.channels().items()
    ]


def _resources(deployment: Deployment, world: _World, means: Means) -> Resources:
    reach = deployment.settings.reach
    connections = Connections(world.definitions, ConnectionSecrets.read(reach.connection_secrets_file))
    links = TrackedLinks(reach.public_url, deployment.signing.each())
    files = deployment.files or FilesSettings()
    drive = Drive(open_files(files), FileLinks(deployment.signing.each()), str(files.link_base))
    return Resources(
        world.database, deployment.settings, means.clock, connections, world.outgoing, links, drive.read, drive,
        reach.public_url,
    )  # fmt: skip
