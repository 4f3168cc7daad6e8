"""Memory of a worker that owns a million items: states and timers in RocksDB, a bounded part of them in memory."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from bench.deals import items, stream
from bench.peer import say
from services.deal_stream.stream import DealStream
from services.edge.local_store import RocksStore
from services.edge.processor.items import Items
from services.edge.processor.settings import ProcessorSettings
from services.edge.processor.store import ITEM, DueTimer, timer_key
from services.edge.processor.timers import TimerIndex

PARTITIONS = 4
AT_ONCE = 2_000
Made = TypeVar("Made")
_TIMER_EVERY = 10  # every tenth item has an open timer


def run(chosen: argparse.Namespace) -> str:
    """Fill the stores of four partitions and read items at random, in a process of its own."""
    count = 100_000 if chosen.quick else 1_000_000
    say(f"memory: {count:,} items in {PARTITIONS} partitions")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        before, after = pool.apply(_measure, (count,))
    lines = [f"{items:>9,} items  {mb:6.0f} MB resident" for items, mb in ((AT_ONCE, before), (count, after))]
    return "\n".join(["memory of a worker", *lines, f"ratio {after / before:.2f}"])


def _measure(count: int) -> tuple[float, float]:
    by = stream()
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as home:
        stores = [RocksStore(Path(home) / str(number)) for number in range(PARTITIONS)]
        source = items(by, count)
        known = _fill(stores, islice(source, AT_ONCE))
        some_of(by, stores, known)
        before = resident()
        known += _fill(stores, source)
        some_of(by, stores, known)
        after = resident()
        for store in stores:
            store.close()
    return before, after


def _fill(stores: list[RocksStore], source: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Write items, and timers for some, and return the keys."""
    known: list[bytes] = []
    for chunk in chunks(source):
        store = stores[len(known) // AT_ONCE % len(stores)]
        writes: dict[bytes, bytes | None] = {ITEM + key: value for key, value in chunk}
        due = [DueTimer(1_800_000_000_000 + at, key, "run") for at, (key, _) in enumerate(chunk)]
        writes.update((timer_key(timer), b"") for timer in due[::_TIMER_EVERY])
        store.write(writes)
        known += [key for key, _ in chunk]
    return known


def chunks(source: Iterable[Made]) -> Iterator[list[Made]]:
    """Yield lists of as many as go into a store at once."""
    rest = iter(source)
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk


def some_of(by: DealStream, stores: list[RocksStore], known: list[bytes]) -> None:
    """Read a share of the items as changes would, more than the caches hold."""
    dice, limit = random.Random(1), ProcessorSettings().cached_items
    owned = [(Items(by, store, limit), TimerIndex(store)) for store in stores]
    for at in dice.sample(range(len(known)), min(len(known), 2 * limit * len(stores))):
        owned[at // AT_ONCE % len(stores)][0].get(known[at])


def resident() -> float:
    """Return the megabytes that this process has in memory."""
    found = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(found.split()[1]) / 1024
