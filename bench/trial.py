"""One peer, one run: how fast it goes through what is waiting, or how late its events are at a given rate."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer

from bench.broker import create_topics, delete_topics
from bench.feed import paced, preload, producer
from bench.measure import Latencies, Patience, read_back, reader, steady, watch
from bench.peer import Peer, Seen
from bench.process import PeerFailedError, Running, started
from bench.workload import Record

FIRST = 50  # changes sent ahead of a paced run, to see that the peer works
REST = 3.0  # seconds without a further event after which the last one has come


@dataclass(frozen=True, slots=True)
class Setting:
    """What all peers of a run share; `given` are the changes, `warm_up` the seconds of a paced run left out."""

    bootstrap: str
    partitions: int
    given: Sequence[Record]
    warm_up: float = 0.0


class Counted(NamedTuple):
    """Events that should be there and are not, and repeats; `lost` is None where the peer cannot tell."""

    events: int
    lost: int | None
    doubled: int


class Throughput(NamedTuple):
    """Steady state over one core; `cpu_us` is the peer's CPU time per change, which neighbours disturb least."""

    changes_per_s: float
    events_per_s: float
    cpu_us: float
    counted: Counted


class Latency(NamedTuple):
    """Milliseconds from due to readable, at `rate` changes a second."""

    rate: float
    p50: float
    p95: float
    p99: float
    worst: float
    counted: Counted


async def throughput(peer: Peer, setting: Setting) -> Throughput:
    """Preload all changes, start the peer, and time its output."""
    async with _topics(peer, setting) as (given, outcome):
        await preload(setting.bootstrap, given, peer, setting.given)
        async with _at_work(peer, setting, given, outcome) as (running, consumer):
            samples = await watch(consumer, running, Patience())
            output = await read_back(consumer, peer)
        part = steady(samples, output.offsets)
        if part is None or not part.seconds:
            raise PeerFailedError(f"{peer.name}: the output came in too few steps; give it more changes")
        changes = part.share * len(setting.given)
        events = part.share * len(output.seen)
        cpu_us = part.cpu_seconds / changes * 1e6
        return Throughput(changes / part.seconds, events / part.seconds, cpu_us, _count(peer, setting, output.seen))


async def latency(peer: Peer, setting: Setting, rate: float) -> Latency:
    """Start the peer on an empty input, then send the changes at `rate` a second.

    The first seconds do not count: a broker that has just been started compiles the code of its requests meanwhile.
    """
    async with (
        _without_pauses(),
        _topics(peer, setting) as (given, outcome),
        _at_work(peer, setting, given, outcome) as (running, consumer),
        producer(setting.bootstrap, linger_ms=0) as to,
    ):
        latencies = Latencies()
        following = asyncio.create_task(latencies.follow(consumer, peer))
        await paced(to, given, peer, setting.given[:FIRST], rate=FIRST)
        await _first_event(latencies, running)
        since = round((time.time() + setting.warm_up) * 1000)
        await paced(to, given, peer, setting.given[FIRST:], rate)
        await _rest(latencies)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        running.must_live()
        p50, p95, p99, worst = latencies.percentiles(since, 0.5, 0.95, 0.99, 1)
        return Latency(rate, p50, p95, p99, worst, _count(peer, setting, latencies.seen))


@asynccontextmanager
async def _without_pauses() -> AsyncIterator[None]:
    """Keep the harness from looking through all changes and events for garbage: its own pauses would count as delay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@asynccontextmanager
async def _topics(peer: Peer, setting: Setting) -> AsyncIterator[tuple[str, str]]:
    run = f"bench-{peer.name}-{time.time_ns():x}"
    names = (f"{run}-in", f"{run}-out")
    await create_topics(setting.bootstrap, setting.partitions, *names)
    try:
        yield names
    finally:
        await delete_topics(setting.bootstrap, *names)


@asynccontextmanager
async def _at_work(
    peer: Peer, setting: Setting, given: str, outcome: str
) -> AsyncIterator[tuple[Running, AIOKafkaConsumer]]:
    argv = list(peer.command(setting.bootstrap, given, outcome, len(setting.given)))
    async with reader(setting.bootstrap, outcome, setting.partitions) as consumer:
        with started(peer, argv, setting.partitions) as running:
            yield running, consumer


async def _first_event(latencies: Latencies, running: Running) -> None:
    until = time.monotonic() + Patience().first
    while not latencies.seen:
        running.must_live()
        if time.monotonic() > until:
            raise running.failed("made no output")
        await asyncio.sleep(0.1)


async def _rest(latencies: Latencies) -> None:
    before = -1
    while before != len(latencies.seen):
        before = len(latencies.seen)
        await asyncio.sleep(REST)


def _count(peer: Peer, setting: Setting, seen: Sequence[Seen]) -> Counted:
    distinct = len({event.event_id for event in seen})
    lost = None if peer.expected is None else peer.expected(setting.given) - distinct
    return Counted(len(seen), lost, len(seen) - distinct)
