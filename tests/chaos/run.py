"""One run: feed, break, let everything settle, compare."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from services.edge.topic_check import Safety
from tests.chaos.checker import Verdict
from tests.chaos.faults import FAULTS, Fault, FaultError, other_commit
from tests.chaos.plan import Plan, Report
from tests.chaos.single import single
from tests.chaos.stack import stack
from tests.chaos.world import Crew, World, own_brokers

_SETTLE_S = 6.0
_GRACE_MS = 3_000
_TRIES = 5
Say = Callable[[str], None]


async def run(plan: Plan, home: Path, say: Say) -> Report:
    """Run a plan in a directory of its own."""
    with own_brokers(home, plan.brokers) as brokers:
        make = stack if plan.stack else single
        crew = make(plan, home, f"chaos-{uuid.uuid4().hex[:6]}.", brokers.bootstrap)
        await create(crew, brokers.bootstrap)
        world = World(home, brokers, crew)
        try:
            return await _run(plan, world, say)
        finally:
            world.stop()


async def create(crew: Crew, bootstrap: str) -> None:
    """Create the topics of a crew, on as many brokers as the product would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    safety = Safety.on(len((await admin.describe_cluster())["brokers"]))
    for topic in crew.topics:
        topic.replication_factor = safety.replication
    await admin.create_topics(list(crew.topics))
    await admin.close()


async def _run(plan: Plan, world: World, say: Say) -> Report:
    world.watch()
    watching = asyncio.create_task(watch(world))
    await asyncio.sleep(5.0)
    fired = await _break(plan, world, say)
    await world.hush()
    verdict, seconds = await settle(world, say, 300.0 if plan.stack else 90.0)
    watching.cancel()
    exits = Counter(code for child in world.workers for code in child.exits)
    return Report(verdict, fired, exits, seconds)


async def _break(plan: Plan, world: World, say: Say) -> Counter[str]:
    """Fire a fault in each slot of time; slow ones overlap with those that follow."""
    fired: Counter[str] = Counter()
    async with asyncio.TaskGroup() as firing:
        for number, (name, fault) in enumerate(_draw(plan, world)):
            firing.create_task(_fire(name, fault, world, random.Random(f"{plan.seed}-{number}"), fired, say))
            await asyncio.sleep(plan.seconds / plan.faults)
    return fired


async def _fire(
    name: str, fault: Fault, world: World, rng: random.Random, fired: Counter[str], say: Say
) -> None:  # fmt: skip
    """Fire one fault; one that did not happen is drawn again, as only those that are seen to happen count."""
    for left in reversed(range(_TRIES)):
        try:
            say(f"{name}: {await fault(world, rng)}")
        except FaultError as error:
            say(f"{name} did not happen: {error}")
            if not left:
                raise
        else:
            fired[name] += 1
            return


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


async def watch(world: World) -> None:
    """Start anew what has ended, until cancelled."""
    while True:
        world.watch()
        await asyncio.sleep(0.5)


async def settle(world: World, say: Say, patience_s: float) -> tuple[Verdict, float]:
    """Check until nothing is missing any more; what is doubled stays doubled."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(_SETTLE_S)
        verdict = await world.crew.check(time.time_ns() // 1_000_000 - _GRACE_MS)
        waited = time.monotonic() - began
        say(f"after {waited:.0f} s: {verdict}")
        if not verdict.bad or verdict.wrong or waited > patience_s:
            return verdict, waited
