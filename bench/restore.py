"""How fast a worker without a local store takes a partition over: from snapshots, and from the log alone."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.broker import broker, create_topics
from bench.deals import Deals, items, stream, written
from bench.peer import say
from services.deal_stream.stream import DealStream
from services.edge.local_store import RocksStore
from services.edge.processor.outputs import NEXT_OFFSET
from services.edge.processor.restore import Restored, Restorer
from services.edge.processor.snapshots import Floor, SnapshotKeys, write_floor

_WANTED = 50_000  # items a second from snapshots
_BUILDER_BYTES = 512 * 1024

Row = tuple[bytes, bytes, list[tuple[str, bytes]]]


def run(chosen: argparse.Namespace) -> str:
    """Measure both with states of the workload."""
    count = 20_000 if chosen.quick else 200_000
    with broker(chosen.bootstrap) as bootstrap:
        return asyncio.run(_measure(bootstrap, count))


async def _measure(bootstrap: str, count: int) -> str:
    say(f"restore: {count:,} snapshots, then {count // 4:,} changes' events")
    snapshots, log = stream(f"snapshots-{time.time_ns():x}."), stream(f"log-{time.time_ns():x}.")
    await create_topics(bootstrap, 1, log.snapshots, log.log)
    await stored_as_snapshots(bootstrap, snapshots, items(snapshots, count))
    await _send(bootstrap, log.log, _events(log, count // 4))
    found, seconds, cpu = await restored(bootstrap, snapshots)
    rate = found.snapshots / seconds
    lines = [
        f"from snapshots {rate:>9,.0f} items/s   {cpu / found.snapshots * 1e6:5.1f} us of CPU an item, "
        f"{rate / _WANTED:.2f} of {_WANTED:,}"
    ]
    found, seconds, cpu = await restored(bootstrap, log)
    lines.append(
        f"from the log   {found.events / seconds:>9,.0f} events/s  {cpu / found.events * 1e6:5.1f} us an event"
    )
    return "\n".join(["restore of one partition", *lines])


async def stored_as_snapshots(bootstrap: str, by: DealStream, stored: Iterable[tuple[bytes, bytes]]) -> None:
    """Write items as the snapshots of a stream's only partition, with a floor behind them."""
    await create_topics(bootstrap, 1, by.snapshots, by.log)
    keys = SnapshotKeys(by.fold_version, 0)
    rows: Iterable[Row] = ((keys.prefix + key, value, []) for key, value in stored)
    await _send(bootstrap, by.snapshots, chain(rows, [(keys.floor, write_floor(Floor(0, 0)), [])]))


def _events(by: DealStream, changes: int) -> Iterator[Row]:
    deals = Deals(by)
    for number, (key, value) in enumerate(written(changes)):
        decision = by.decide(deals.states.get(key) or by.initial(), by.read_change(key, value, ()), number)
        deals.states[key] = decision.state
        for recorded in decision.events:
            event = by.write_event(recorded)
            yield event.key, event.value or b"", [*event.headers, (NEXT_OFFSET, b"%d" % (number + 1))]


async def _send(bootstrap: str, topic: str, rows: Iterable[Row]) -> None:
    made = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_batch_size=_BUILDER_BYTES, compression_type="lz4"
    )
    await made.start()
    try:
        builder, now = made.create_batch(), time.time_ns() // 1_000_000
        for key, value, headers in rows:
            if builder.append(timestamp=now, key=key, value=value, headers=headers) is None:
                await made.send_batch(builder, topic, partition=0)
                builder = made.create_batch()
                builder.append(timestamp=now, key=key, value=value, headers=headers)
        await made.send_batch(builder, topic, partition=0)
    finally:
        await made.stop()


async def restored(bootstrap: str, by: DealStream) -> tuple[Restored, float, float]:
    """Restore the only partition of a stream; return what was read, with seconds of the clock and of CPU."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False, isolation_level="read_committed",
        max_partition_fetch_bytes=11 * 1024 * 1024,
    )  # fmt: skip
    await reader.start()
    with tempfile.TemporaryDirectory(prefix="bench-restore-") as home:
        store = RocksStore(Path(home) / "store")
        began, cpu = time.monotonic(), time.process_time()
        found = await Restorer(by, 0, store, reader).restore("bench", 20_000)
        taken = time.monotonic() - began, time.process_time() - cpu
        store.close()
    await reader.stop()
    return found, *taken
