"""A million waiting business processes: memory, disk, restore, and what they cost a change that is not theirs."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from automation.definitions import models as m
from automation.items.process_changes import StartProcess
from automation.items.state import ItemState
from bench.broker import broker
from bench.deals import Deals, stream, written
from bench.memory import AT_ONCE, PARTITIONS, chunks, resident, some_of
from bench.peer import say
from bench.restore import restored, stored_as_snapshots
from services.deal_stream.stream import DealStream
from services.edge.codec import item_changes
from services.edge.local_store import RocksStore
from services.edge.processor.store import ITEM, DueTimer, StoredItem, timer_key, write_item

_WARM = 4_000
_ROUNDS = 5
_YEAR = 365


def templates(count: int) -> list[m.Template]:
    """The template that waits, and others that start on the change of items of another type."""
    waits = m.Template.model_validate({
        "id": "wait", "item_type": "deal",
        "variables": ({"code": "note", "type": "string", "default": "as it was"},),
        "steps": ({"id": "rest", "type": "bp_wait", "params": {"interval_days": _YEAR, "comment": "Call in spring"}},),
    })  # fmt: skip
    step = {"id": "rest", "type": "bp_wait", "params": {"interval_days": 1}}
    others = [
        m.Template.model_validate(
            {"id": f"other-{number}", "item_type": "lead", "autostart_on_change": True, "steps": (step,)}
        )
        for number in range(count)
    ]
    return [waits, *others]


def waiting(by: DealStream, deals: Deals) -> dict[bytes, ItemState]:
    """Start the process on every deal; return the states."""
    codec, found = item_changes(), {}
    for number, (key, state) in enumerate(deals.states.items()):
        frame = deals.frame(state, f"start-{number}")
        change = by.read_change(key, codec.encode(frame, StartProcess("wait", {})), ())
        found[key] = by.decide(state, change, 1_700_000_000_000 + number).state
    return found


def run(chosen: argparse.Namespace) -> str:
    """Measure all four."""
    count = 100_000 if chosen.quick else 1_000_000
    say(f"processes: {count:,} waiting instances in {PARTITIONS} partitions")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        megabytes, disk = pool.apply(_stored, (count,))
    with broker(chosen.bootstrap) as bootstrap:
        rate = asyncio.run(_restore(bootstrap, count // 5))
    return "\n".join([
        "waiting processes",
        f"{count:>9,} instances  {megabytes:6.0f} MB resident, {disk:6.0f} MB of local store",
        f"restore      {rate:>9,.0f} items/s from snapshots: {count / rate:.1f} s on one worker",
        *_costs(4_000 if chosen.quick else 20_000),
    ])  # fmt: skip


def _stored(count: int) -> tuple[float, float]:
    by = stream(more=templates(0))
    with tempfile.TemporaryDirectory(prefix="bench-processes-") as home:
        stores = [RocksStore(Path(home) / str(number)) for number in range(PARTITIONS)]
        known: list[bytes] = []
        for chunk in chunks(_copies(by, count)):
            store = stores[len(known) // AT_ONCE % len(stores)]
            writes: dict[bytes, bytes | None] = {}
            for state in chunk:
                key = state.key.text.encode()
                writes[ITEM + key] = _at_rest(by, state)
                writes.update((timer_key(DueTimer(due, key, run)), b"") for due, run in by.timers(state))
                known.append(key)
            store.write(writes)
        some_of(by, stores, known)
        found = resident()
        for store in stores:
            store.close()
        disk = sum(path.stat().st_size for path in Path(home).rglob("*") if path.is_file()) / 1024**2
    return found, disk


def _copies(by: DealStream, count: int) -> Iterator[ItemState]:
    deals = Deals(by)
    deals.take(written(_WARM))
    made = list(waiting(by, deals).values())
    for number in range(count):
        yield made[number % len(made)]._replace(item_id=f"copy-{number:09d}")


def _at_rest(by: DealStream, state: ItemState) -> bytes:
    return write_item(StoredItem(state.version, tuple(by.timers(state)), by.write_state(state)))


async def _restore(bootstrap: str, count: int) -> float:
    by = stream(f"waiting-{time.time_ns():x}.", more=templates(0))
    rows = ((state.key.text.encode(), _at_rest(by, state)) for state in islice(_copies(by, count), count))
    await stored_as_snapshots(bootstrap, by, rows)
    found, seconds, _ = await restored(bootstrap, by)
    return found.snapshots / seconds


def _costs(count: int) -> Iterator[str]:
    """Yield the CPU time of a change without templates, with 1,000 that do not apply, and on deals with a process."""
    given = written(count)
    plain, many = stream(), stream(more=templates(1_000))
    best = dict.fromkeys(("no templates", "1,000 others", "a process waits"), float("inf"))
    for _ in range(_ROUNDS):
        for name, by in zip(best, (plain, many, many), strict=True):
            deals = Deals(by)
            deals.take(given[: count // 4])
            if name == "a process waits":
                deals.states = dict(waiting(by, deals))
            began = time.process_time()
            deals.take(given[count // 4 :])
            best[name] = min(best[name], (time.process_time() - began) / (count - count // 4) * 1e6)
    for name, cpu in best.items():
        yield f"{name:<16} {cpu:6.1f} us of CPU a change, ratio {cpu / best['no templates']:.2f}"
