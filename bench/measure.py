"""Watch the output as a read_committed reader sees it, and make figures of what was seen."""

from __future__ import annotations

import asyncio
import bisect
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.peer import Peer, Seen
from bench.process import Running

EVERY = 0.02  # seconds between two looks at the end of the output
STEADY_FROM = 0.25  # the share of the output before the steady state: a JVM is warm by then
READ_WITHIN = 120  # seconds for reading all of the output back


class Sample(NamedTuple):
    """The output at a moment: end of what is readable by partition, CPU time the peer had used."""

    at: float
    ends: tuple[int, ...]
    cpu: float


class Patience(NamedTuple):
    """Seconds to wait for the first output, and without any further output before it counts as the last."""

    first: float = 120.0
    quiet: float = 6.0


class Steady(NamedTuple):
    """The steady part of a run."""

    share: float  # of all outputs
    seconds: float
    cpu_seconds: float


@asynccontextmanager
async def reader(bootstrap: str, topic: str, partitions: int) -> AsyncIterator[AIOKafkaConsumer]:
    """A read_committed consumer at the start of all partitions, without a group."""
    made = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await made.start()
    try:
        made.assign([TopicPartition(topic, p) for p in range(partitions)])
        yield made
    finally:
        await made.stop()


async def readable(consumer: AIOKafkaConsumer) -> tuple[int, ...]:
    """The last stable offset of each partition, in order: what a read_committed reader can get to."""
    assigned = sorted(consumer.assignment())
    ends = await consumer.end_offsets(assigned)
    return tuple(ends[p] for p in assigned)


async def watch(consumer: AIOKafkaConsumer, running: Running, patience: Patience) -> list[Sample]:
    """Sample until the output has come and then rested; only samples that differ from the one before are kept."""
    kept = [Sample(time.monotonic(), (0,) * len(consumer.assignment()), 0.0)]
    while True:
        now = Sample(time.monotonic(), await readable(consumer), running.cpu_seconds())
        if now.ends != kept[-1].ends:
            kept.append(now)
        waited = now.at - kept[-1].at
        if len(kept) > 1 and waited > patience.quiet:
            return kept
        running.must_live()
        if waited > patience.first:
            raise running.failed(f"made no output in {patience.first:.0f} s")
        await asyncio.sleep(EVERY)


class Output(NamedTuple):
    """All that is readable: the offsets of each partition's records, and what the records say."""

    offsets: list[list[int]]
    seen: list[Seen]


async def read_back(consumer: AIOKafkaConsumer, peer: Peer) -> Output:
    """Read all of the output up to its present end."""
    assigned = sorted(consumer.assignment())
    ends = await readable(consumer)
    output = Output([[] for _ in assigned], [])
    async with asyncio.timeout(READ_WITHIN):
        while any([await consumer.position(p) < end for p, end in zip(assigned, ends, strict=True)]):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                output.offsets[partition.partition] += [r.offset for r in records]
                output.seen.extend(peer.read(r.value) for r in records)
    return output


def steady(samples: Sequence[Sample], offsets: Sequence[Sequence[int]]) -> Steady | None:
    """The part from `STEADY_FROM` of the output to its end; None if it came in too few steps to be timed."""
    total = sum(map(len, offsets))
    counted = [sum(map(bisect.bisect_left, offsets, sample.ends)) / total for sample in samples]
    first = bisect.bisect_left(counted, STEADY_FROM)
    if first >= len(samples) - 1:
        return None
    begin, end = samples[first], samples[-1]
    return Steady(counted[-1] - counted[first], end.at - begin.at, end.cpu - begin.cpu)


@dataclass(slots=True)
class Latencies:
    """Milliseconds from the due moment of a change to its event being readable."""

    seen: list[Seen] = field(default_factory=list)
    delays: list[tuple[int, float]] = field(default_factory=list)  # (occurred_at, delay)

    async def follow(self, consumer: AIOKafkaConsumer, peer: Peer) -> None:
        """Read the output as it comes, until cancelled."""
        while True:
            batches = await consumer.getmany(timeout_ms=100)
            now = time.time() * 1000
            for records in batches.values():
                for record in records:
                    event = peer.read(record.value)
                    self.seen.append(event)
                    self.delays.append((event.occurred_at, now - event.occurred_at))

    def percentiles(self, since: int, *wanted: float) -> list[float]:
        """The delay that this share of the events of changes due at `since` (ms) or later kept within."""
        delays = sorted(delay for at, delay in self.delays if at >= since)
        return [delays[max(0, math.ceil(share * len(delays)) - 1)] if delays else math.nan for share in wanted]
