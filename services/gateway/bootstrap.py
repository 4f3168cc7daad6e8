"""Puts `gateway` together: Kafka clients, databases, the followers in the background, and the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

import automation.actions
import automation.rules
import automation.triggers
from automation.catalogue import load
from services.edge.broker.state import home_dir
from services.edge.clock import SystemClock
from services.edge.codec import (
    DefinitionCodec,
    Signer,
    item_changes,
    item_events,
    payment_changes,
    payment_events,
    prepare,
)
from services.edge.codec.streams import CHANGES, DEFINITIONS, ITEMS, PAYMENT_CHANGES
from services.edge.definitions_view import followed
from services.edge.files import FileLinks, FilesSettings, open_files
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.secrets_file import ConnectionSecrets
from services.edge.sql import Database
from services.edge.topics import Topics
from services.edge.tracked_links import TrackedLinks
from services.gateway import local
from services.gateway.app import create_app
from services.gateway.batches import Batches, BatchWorker
from services.gateway.enrolments import Enrolments, EnrolmentWorker
from services.gateway.idempotency import Answers
from services.gateway.keys import SqlKeys
from services.gateway.limits import Limiter, Rate
from services.gateway.messaging import Messaging
from services.gateway.metrics import GatewayMetrics
from services.gateway.ports import Ports
from services.gateway.reading import HistoryDoor, NotifierDoor
from services.gateway.sending import KafkaOutbox
from services.gateway.settings import GatewaySettings
from services.gateway.shelf import KafkaShelf
from services.gateway.store import open_store
from services.gateway.views import HttpViews
from services.history.settings import HistorySettings
from services.notifier.settings import NotifierSettings, SigningSettings
from services.payment_tracker.links import PaymentPages
from services.payment_tracker.pages_reader import PagesReader
from services.payment_tracker.provider import load_providers
from services.payment_tracker.webhook_secrets import WebhookSecrets


class Deployment(NamedTuple):
    """All that differs between installations."""

    settings: GatewaySettings
    kafka: KafkaSettings
    topics: Topics
    signing: SigningSettings
    history: HistorySettings
    notifier: NotifierSettings
    files: FilesSettings


class Gateway(NamedTuple):
    """The application with what has to run beside it."""

    app: FastAPI
    shelf: KafkaShelf
    pages: PagesReader
    outbox: KafkaOutbox
    enrolling: EnrolmentWorker
    batching: BatchWorker

    def why_not_ready(self) -> str:
        """Return what is missing, empty if nothing is."""
        if not self.pages.caught_up.is_set():
            return "payment pages are being read"
        return "" if self.outbox.open else "Kafka does not confirm what is sent"


@asynccontextmanager
async def gateway(deployment: Deployment, registry: CollectorRegistry) -> AsyncIterator[Gateway]:
    """Yield a gateway whose definitions are read to their end; its clients are closed afterwards."""
    settings = deployment.settings
    async with AsyncExitStack() as stack:
        await prepare(CHANGES, PAYMENT_CHANGES, DEFINITIONS, ITEMS)
        database = await asyncio.to_thread(open_store, settings.database_url.get_secret_value())
        stack.callback(database.close)
        if settings.local:
            await asyncio.to_thread(local.prepare, home_dir(), database)
        catalogue = load(automation.rules, automation.triggers, automation.actions)
        shelf = await _shelf(deployment, catalogue, stack)
        outbox = await _outbox(deployment, stack)
        pages = PaymentPages()
        reader = await _pages_reader(deployment, pages, stack)
        views = await _views(settings, stack)
        parts = _Parts(database, catalogue, shelf, outbox, pages, views)
        ports = _ports(deployment, parts)
        app = create_app(ports, GatewayMetrics(registry))
        enrolling = EnrolmentWorker(ports.enrolments, outbox, ports.clock, lambda: shelf.book.version)
        batching = BatchWorker(ports.batches, outbox, ports.clock, lambda: shelf.book, ports.history)
        yield Gateway(app, shelf, reader, outbox, enrolling, batching)


class _Parts(NamedTuple):
    database: Database
    catalogue: Any
    shelf: KafkaShelf
    outbox: KafkaOutbox
    pages: PaymentPages
    views: HttpViews


async def _shelf(deployment: Deployment, catalogue: Any, stack: AsyncExitStack) -> KafkaShelf:
    kafka, topics = deployment.kafka, deployment.topics
    follower = await stack.enter_async_context(followed(kafka, topics, catalogue))
    await follower.catch_up(None)
    return KafkaShelf(
        follower,
        DefinitionCodec(),
        topics.definitions,
        lambda: producer(kafka, transactional_id=topics.definitions_writer),
    )


async def _outbox(deployment: Deployment, stack: AsyncExitStack) -> KafkaOutbox:
    sender = producer(deployment.kafka)
    await sender.start()
    stack.push_async_callback(sender.stop)
    signer = Signer(deployment.signing.each())
    return KafkaOutbox(sender, deployment.topics, item_changes(signer), payment_changes(signer))


async def _pages_reader(deployment: Deployment, pages: PaymentPages, stack: AsyncExitStack) -> PagesReader:
    client = consumer(deployment.kafka, None, offset_reset="earliest")
    await client.start()
    stack.push_async_callback(client.stop)
    codec = payment_events()
    return PagesReader(pages, client, deployment.topics.payment_events, lambda value, _headers: codec.decode(value))


async def _views(settings: GatewaySettings, stack: AsyncExitStack) -> HttpViews:
    session = await stack.enter_async_context(aiohttp.ClientSession())
    return HttpViews(session, str(settings.live_views_url), settings.live_views_token.get_secret_value())


def _ports(deployment: Deployment, parts: _Parts) -> Ports:
    settings, clock = deployment.settings, SystemClock()
    notifier = NotifierDoor(deployment.notifier.database_url.get_secret_value())
    return Ports(
        clock=clock, outbox=parts.outbox, shelf=parts.shelf, catalogue=parts.catalogue,
        history=HistoryDoor(deployment.history.database_url.get_secret_value(), item_events(), payment_events()),
        messaging=_messaging(deployment, notifier),
        inbox=notifier.inbox, messages=notifier.messages, pages=parts.pages, views=parts.views,
        answers=Answers(parts.database, clock), enrolments=Enrolments(parts.database, clock),
        batches=Batches(parts.database, clock),
        keys=SqlKeys(parts.database, clock),
        tenants=Limiter(Rate(settings.rate_per_second, settings.burst)),
        strangers=Limiter(Rate(settings.strangers_per_second, settings.strangers_burst)),
        secrets=_secrets(settings.webhook_secrets_file), providers=load_providers(),
        simulated=settings.simulated or settings.local, files=open_files(deployment.files),
        file_links=FileLinks(deployment.signing.each()), file_link_ms=deployment.files.link_hours * 3_600_000,
    )  # fmt: skip


def _messaging(deployment: Deployment, notifier: NotifierDoor) -> Messaging:
    reach = deployment.notifier.reach
    links = TrackedLinks(reach.public_url, deployment.signing.each())
    secrets = ConnectionSecrets.read(reach.connection_secrets_file)
    return Messaging(links, secrets, notifier.sent, notifier.receipts, item_events(), reach.public_url)


def _secrets(path: Path) -> WebhookSecrets:
    return WebhookSecrets.read(path) if path.exists() else WebhookSecrets({})
