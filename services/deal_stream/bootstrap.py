"""Puts `deal_stream` together: catalogue, definitions, codecs, stream, loop and health port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

from prometheus_client import CollectorRegistry

import automation.actions
import automation.rules
import automation.triggers
from automation.catalogue import Entry, load
from services.deal_stream.copies import Copies
from services.deal_stream.settings import DealStreamSettings
from services.deal_stream.stream import DealStream
from services.edge.codec import Signer, item_changes, item_events, payment_changes, prepare
from services.edge.codec.streams import CHANGES, ITEMS, PAYMENT_CHANGES
from services.edge.definitions import Definitions, DefinitionsFollower
from services.edge.definitions_view import followed
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings
from services.edge.processor import Processor, ProcessorSettings
from services.edge.processor.ending import end_process
from services.edge.topics import Topics, TopicSettings


class Worker(NamedTuple):
    """A worker with its health port; the loop does not run yet, definitions are followed."""

    processor: Processor
    health: HealthPort


def catalogue() -> Mapping[str, Entry]:
    """Return all rules and triggers of this release."""
    return load(automation.rules, automation.triggers, automation.actions)


def definitions(kafka: KafkaSettings, topics: Topics) -> AbstractAsyncContextManager[DefinitionsFollower]:
    """Return a follower of `crm.definitions` that starts from the view, for `async with`."""
    return followed(kafka, topics, catalogue())


def build_stream(topics: Topics, secrets: Sequence[bytes], followed: Definitions, release: str) -> DealStream:
    """Return the stream of items; raises `ValueError` for secrets that are too short."""
    signer = Signer(secrets)
    events, changes = item_events(), item_changes(signer)
    return DealStream(
        topics, changes, events, Copies(topics, events, changes, payment_changes(signer)), followed, release
    )


@asynccontextmanager
async def worker(
    settings: DealStreamSettings, topics: TopicSettings, kafka: KafkaSettings, release: str
) -> AsyncIterator[Worker]:
    """Yield a worker ready to run, while new definitions are taken over as they come."""
    named = Topics.of(topics)
    await prepare(ITEMS, CHANGES, PAYMENT_CHANGES)
    async with definitions(kafka, named) as followed:
        stream = build_stream(named, settings.signing_keys(), followed, release)
        registry = CollectorRegistry()
        places = ProcessorSettings(data_dir=settings.data_dir, instance_id=settings.instance_id)
        processor = Processor(stream, places, kafka, registry=registry)
        following = asyncio.create_task(_follow(followed, settings.poll_seconds))
        following.add_done_callback(_judge)
        try:
            yield Worker(processor, HealthPort(processor.alive, processor.ready, registry, settings.health_port))
        finally:
            following.cancel()


async def _follow(followed: DefinitionsFollower, seconds: float) -> None:
    while True:
        await followed.poll()
        await asyncio.sleep(seconds)


def _judge(task: asyncio.Task[None]) -> None:
    """End the process where a definition cannot be read: to decide with old ones for ever would be worse."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        end_process("definitions cannot be followed", error)
