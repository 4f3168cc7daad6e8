"""The broker of a run: one of its own, or one that is already there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic


@contextmanager
def broker(bootstrap: str | None) -> Iterator[str]:
    """The address of a broker; without `bootstrap` one is started in a temporary folder and stopped at the end.

    It inherits the harness's core, so the harness pins itself first.
    """
    if bootstrap:
        yield bootstrap
        return
    from services.edge.broker import start_broker  # noqa: PLC0415  # a given broker needs none of ours

    with tempfile.TemporaryDirectory(prefix="stagewire-bench-") as home:
        running = start_broker(Path(home))
        try:
            yield running.bootstrap
        finally:
            running.stop()


async def create_topics(bootstrap: str, partitions: int, *names: str) -> None:
    """Create empty topics; one that exists already is an error, as its records would be counted."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    finally:
        await admin.close()


async def delete_topics(bootstrap: str, *names: str) -> None:
    """Give the broker its disk back between two peers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()
