"""A real broker for the whole session, and topics of their own for each test module."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from hypothesis import HealthCheck, settings

from services.edge import topic_check
from services.edge.broker import RunningBroker, reset_broker, start_broker
from services.edge.kafka import KafkaSettings, admin
from services.edge.topics import Topics

PARTITIONS = 4

# How long an example takes says how busy the machine is: timings live in bench/, never in tests.
settings.register_profile("stagewire", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stagewire")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """One Kafka for the session, on a free port with data of its own; who wants to kill one starts another."""
    home = tmp_path_factory.mktemp("stagewire-home")
    try:
        yield start_broker(home)
    finally:
        reset_broker(home)


@pytest.fixture(scope="session")
def kafka(broker: RunningBroker) -> KafkaSettings:
    """Settings that lead to the session's broker, whatever the environment says."""
    return KafkaSettings(bootstrap_servers=broker.bootstrap)


@pytest.fixture(scope="module")
def topics(kafka: KafkaSettings) -> Iterator[Topics]:
    """All declared topics behind a prefix that only this module uses; gone when it ends."""
    named = Topics(prefix=f"t{uuid.uuid4().hex[:8]}.", partitions=PARTITIONS)
    with_admin(kafka, lambda client: topic_check.apply(client, named.declared()))
    yield named
    with_admin(kafka, lambda client: client.delete_topics([topic.name for topic in named.declared()]))


def with_admin(kafka: KafkaSettings, work: Callable[[AIOKafkaAdminClient], Awaitable[Any]]) -> Any:
    """Do `work` with an admin client, in a thread of its own: fixtures must not disturb the tests' event loop."""

    async def connected() -> Any:
        client = admin(kafka)
        await client.start()
        try:
            return await work(client)
        finally:
            await client.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, connected()).result()
