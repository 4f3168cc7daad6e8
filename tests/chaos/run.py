"""One run: feed, break, let everything settle, compare."""

from __future__ import annotations

import asyncio
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from tests.chaos.checker import Verdict, check
from tests.chaos.faults import FAULTS, Fault, other_commit
from tests.chaos.subject import Place, new_topics
from tests.chaos.world import World, own_broker

_SETTLE_S = 6.0
_GRACE_MS = 3_000


@dataclass(frozen=True)
class Plan:
    """What a run shall do; the same seed draws the same faults."""

    stream: str = "toy"
    seconds: float = 60.0
    faults: int = 6
    workers: int = 2
    partitions: int = 4
    rate: int = 300
    seed: int = 1
    mutant: str = "none"
    other_commit: str = ""
    only: Sequence[str] = ()
    """Names of faults to draw from; all when empty."""


@dataclass
class Report:
    """What came of it."""

    verdict: Verdict
    fired: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    settled_s: float = 0.0

    def __str__(self) -> str:
        fired = ", ".join(f"{name} {count}" for name, count in sorted(self.fired.items()))
        exits = ", ".join(f"{code}: {count}" for code, count in sorted(self.exits.items()))
        return f"{self.verdict}; faults: {fired}; exits: {exits}; settled in {self.settled_s:.0f} s"


async def run(plan: Plan, home: Path, say: Callable[[str], None]) -> Report:
    """Run a plan in a directory of its own."""
    with own_broker(home) as broker:
        place = Place(plan.stream, f"chaos-{uuid.uuid4().hex[:6]}.", broker.bootstrap, plan.partitions)
        await _create(place)
        world = World(home, place, broker, plan.workers, plan.rate, plan.mutant)
        try:
            return await _run(plan, world, say)
        finally:
            world.stop()


async def _create(place: Place) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap)
    await admin.start()
    await admin.create_topics(new_topics(place))
    await admin.close()


async def _run(plan: Plan, world: World, say: Callable[[str], None]) -> Report:
    world.watch()
    watching = asyncio.create_task(_watch(world))
    fired: Counter[str] = Counter()
    await asyncio.sleep(5.0)
    for name, fault in _draw(plan, world):
        began = time.monotonic()
        say(f"{name}: {await fault(world, random.Random(f'{plan.seed}-{fired.total()}'))}")
        fired[name] += 1
        await asyncio.sleep(max(0.5, plan.seconds / plan.faults - (time.monotonic() - began)))
    world.resting.add("sender")
    if world.sender.pid:
        world.sender.send(signal.SIGKILL)
    verdict, seconds = await _settle(world, say)
    watching.cancel()
    exits = Counter(code for child in world.workers for code in child.exits)
    return Report(verdict, fired, exits, seconds)


def _draw(plan: Plan, world: World) -> list[tuple[str, Fault]]:
    """Draw faults by weight, each kind at least once where there are enough."""
    known = {name: found for name, found in FAULTS.items() if not plan.only or name in plan.only}
    if plan.other_commit:
        known["other_commit"] = (other_commit(world.home / "other-tree", plan.other_commit), 2)
    rng = random.Random(plan.seed)
    names = list(known)[: plan.faults]
    names += rng.choices(list(known), [weight for _, weight in known.values()], k=plan.faults - len(names))
    rng.shuffle(names)
    return [(name, known[name][0]) for name in names]


async def _watch(world: World) -> None:
    while True:
        world.watch()
        await asyncio.sleep(0.5)


async def _settle(world: World, say: Callable[[str], None], patience_s: float = 90.0) -> tuple[Verdict, float]:
    """Check until nothing is missing any more; what is doubled stays doubled."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(_SETTLE_S)
        verdict = await check(world.place, time.time_ns() // 1_000_000 - _GRACE_MS)
        waited = time.monotonic() - began
        say(f"after {waited:.0f} s: {verdict}")
        if not verdict.bad or verdict.wrong or waited > patience_s:
            return verdict, waited
