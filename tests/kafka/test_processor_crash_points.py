"""Kills a worker at every boundary between the loop and the outside, one after another, and compares with the model."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from services.edge.kafka import KafkaSettings
from services.edge.processor.points import CRASH_CODE, POINTS
from tests.processor_world import ToyWorld, eventually

pytestmark = pytest.mark.kafka

_ORDERLY = ("revoked", "released")  # passed only when a second worker joins, or in a rebalance


async def _worker(world: ToyWorld, data: Path, name: str, crash_at: str = "") -> asyncio.subprocess.Process:
    """Start a worker process; a static member takes its partitions back at once, as a pod of a StatefulSet does."""
    place = world.place
    options = {
        "stream": "toy",
        "prefix": place.prefix,
        "bootstrap": place.bootstrap,
        "data": str(data / name),
        "instance": name,
    }
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    environment = {**os.environ, "STAGEWIRE_CRASH_AT": crash_at, "PYTHONPATH": str(Path.cwd())}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.worker", *words, env=environment, stderr=asyncio.subprocess.DEVNULL
    )


@pytest.mark.parametrize("turn", [1, pytest.param(3, marks=pytest.mark.chaos)])
async def test_a_kill_at_any_point_neither_loses_nor_doubles(kafka: KafkaSettings, tmp_path: Path, turn: int) -> None:
    """At the first and at the third time that each point is reached; each kill is seen to happen."""
    world = await ToyWorld(kafka).open()
    killed = []
    for point in (each for each in POINTS if each not in _ORDERLY):
        reached = 1 if point in _ONCE else turn
        worker = await _worker(world, tmp_path, "one", f"{point}:{reached}")
        sending = asyncio.create_task(_feed(world))
        async with asyncio.timeout(120):
            killed.append((point, await worker.wait()))
        sending.cancel()
    worker = await _worker(world, tmp_path, "one")

    async def whole() -> bool:
        return not (await world.verdict()).bad

    await eventually(whole, 120)
    worker.terminate()
    assert await worker.wait() == 0
    assert {code for _, code in killed} == {CRASH_CODE}, killed
    await world.close()


_ONCE = ("assigned", "fenced", "next_known", "snapshots_read", "restored", "sought")
"""Passed once or once for each partition while a worker starts."""


@pytest.mark.parametrize("point", _ORDERLY)
async def test_a_kill_while_partitions_are_handed_over_neither_loses_nor_doubles(
    kafka: KafkaSettings, tmp_path: Path, point: str
) -> None:
    """A second worker joins, and the first dies in the middle of letting go."""
    world = await ToyWorld(kafka).open()
    first = await _worker(world, tmp_path, "one", f"{point}:2")  # 1 is the join of the first itself
    sending = asyncio.create_task(_feed(world))
    await world.arrived(5)
    second = await _worker(world, tmp_path, "two")
    async with asyncio.timeout(120):
        assert await first.wait() == CRASH_CODE
    sending.cancel()

    async def whole() -> bool:
        return not (await world.verdict()).bad

    await eventually(whole, 120)
    second.terminate()
    assert await second.wait() == 0
    await world.close()


async def _feed(world: ToyWorld) -> None:
    """Send changes, timers and requests until cancelled."""
    number = 0
    while True:
        number += 1
        key, other = f"t/toy/{number % 5}", f"t/toy/{number % 5 + 1}"
        kind = ("add", "wait", "ask")[number % 3]
        await world.send(key, kind, **{"in": 100, "to": other})
        await asyncio.sleep(0.02)
