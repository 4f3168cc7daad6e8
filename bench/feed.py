"""Bring the changes into the input topic: all at once beforehand, or one by one at a given rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from bench.peer import Peer
from bench.workload import Record


@asynccontextmanager
async def producer(bootstrap: str, linger_ms: int) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer with the partitioner of the Java client, flushed at the end."""
    made = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=linger_ms, max_batch_size=256 * 1024)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def preload(bootstrap: str, topic: str, peer: Peer, given: Sequence[Record]) -> None:
    """Write all changes, in order."""
    async with producer(bootstrap, linger_ms=20) as to:
        for change in given:
            await to.send(topic, key=peer.key(change), value=peer.encode(change))


async def paced(to: AIOKafkaProducer, topic: str, peer: Peer, given: Sequence[Record], rate: float) -> None:
    """Write `rate` changes a second, each with `occurred_at` = the moment it was due.

    The clock starts at the due moment, not at the send: a sender that falls behind does not hide the delay.
    """
    start = time.time()
    for number, change in enumerate(given):
        due = start + number / rate
        if (early := due - time.time()) > 0:
            await asyncio.sleep(early)
        stamped = change | {"occurred_at": round(due * 1000)}
        await to.send(topic, key=peer.key(stamped), value=peer.encode(stamped))
