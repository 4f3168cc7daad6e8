"""The faults. Each does its harm, and returns what proves that it happened; FaultError where it did not."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from tests.chaos.offsets import forget_offsets
from tests.chaos.world import Child, World

_STOP_WITHIN = 30.0
_BESIDE = 10.0

Fault = Callable[[World, random.Random], Awaitable[str]]


class FaultError(Exception):
    """A fault did not happen, so the run proves nothing about it."""


async def kill(world: World, rng: random.Random) -> str:
    """Kill a process (SIGKILL); it is started again at once."""
    return await _killed(rng.choice(world.workers), world)


async def pause(world: World, rng: random.Random) -> str:
    """Stop a process for longer than its session, so that another one owns its partitions when it wakes."""
    child = rng.choice(world.workers)
    async with child.lock:
        await _running(child, world)
        child.send(signal.SIGSTOP)
        await asyncio.sleep(0.2)
        if child.state() != "T":
            raise FaultError(f"{child.name} is in state {child.state()!r} instead of T")
        seconds = child.session * rng.uniform(1.3, 1.8)
        await asyncio.sleep(seconds)
        world.resting.add(child.name)
        child.send(signal.SIGCONT)
        code = await child.ended(5.0)
        world.resting.discard(child.name)
    return f"{child.name} paused for {seconds:.1f} s, then {'went on' if code is None else f'ended with {code}'}"


async def terminate(world: World, rng: random.Random) -> str:
    """Ask a process to stop (SIGTERM): it must end in order, and in time."""
    child = rng.choice(world.workers)
    async with world.calm, child.lock:
        await _running(child, world)
        if not await child.answers(signal.SIGTERM):  # before that it would die of the signal
            raise FaultError(f"{child.name} does not listen to SIGTERM")
        world.resting.add(child.name)
        try:
            child.send(signal.SIGTERM)
            code = await child.ended(_STOP_WITHIN)
        finally:
            world.resting.discard(child.name)
    if code not in (0, 70):
        raise FaultError(f"{child.name} answered SIGTERM with {code}")
    return f"{child.name} ended with {code}"


async def burst(world: World, rng: random.Random) -> str:
    """Kill processes again and again, faster than they can restore."""
    seen = []
    for _ in range(5):
        await asyncio.sleep(rng.uniform(0.1, 1.0))
        seen.append(await _killed(rng.choice(world.workers), world))
    return f"{len(seen)} kills in a row"


async def broker_kill(world: World, rng: random.Random) -> str:
    """Kill a broker and start it again some seconds later."""
    async with world.calm:
        before = world.brokers.pids()
        await asyncio.to_thread(world.brokers.kill, rng)
        down = rng.uniform(1.0, 5.0)
        await asyncio.sleep(down)
        await asyncio.to_thread(world.brokers.start)
        if world.brokers.pids() == before:
            raise FaultError("the brokers have the same process numbers as before")
    return f"broker down for {down:.1f} s and its start"


async def offsets_forgotten(world: World, rng: random.Random) -> str:
    """Stop all workers of a stream, delete the group's offsets as a broker does after days, start them again."""
    group = rng.choice(world.crew.groups)
    async with world.calm, AsyncExitStack() as held:
        for child in group.workers:
            await held.enter_async_context(child.lock)
        world.resting.update(child.name for child in group.workers)
        try:
            for child in group.workers:
                child.send(signal.SIGKILL)
            for child in group.workers:
                await child.ended(5.0)
            gone = await forget_offsets(group.place)
        finally:
            world.resting.difference_update(child.name for child in group.workers)
    if not gone:
        raise FaultError("there were no offsets to forget")
    return f"{gone} offsets of {group.workers[0].name} and its like forgotten"


async def wrong_partitions(world: World, rng: random.Random) -> str:
    """Send changes with another client's partitioner."""
    child = rng.choice(world.crew.strays)
    async with world.calm, child.lock:
        child.start()
        if await child.ended(60.0) != 0:
            raise FaultError(f"{child.name} failed")
    return f"100 changes by CRC32 from {child.name}"


async def sender_kill(world: World, rng: random.Random) -> str:
    """Kill a sender in the middle of its calls."""
    child = rng.choice(world.crew.senders)
    if not child.pid:
        world.watch()
        await asyncio.sleep(2.0)
    return await _killed(child, world)


def other_commit(tree: Path, revision: str) -> Fault:
    """Make a fault that runs a worker of another revision beside for a while."""

    async def beside(world: World, rng: random.Random) -> str:
        """Run it, then ask it to stop."""
        async with world.calm:
            await asyncio.to_thread(_unpack, revision, tree)
            child = world.crew.beside(tree)
            child.start()
            try:
                listens = await child.answers(signal.SIGTERM)
                await asyncio.sleep(_BESIDE)
                if not child.pid or not listens:
                    raise FaultError(f"the worker of {revision} ended with {await child.ended(1.0)}")
                child.send(signal.SIGTERM)
                code = await child.ended(_STOP_WITHIN)
            finally:
                child.send(signal.SIGKILL)
        if code not in (0, 70):
            raise FaultError(f"the worker of {revision} answered SIGTERM with {code}")
        return f"worker of {revision} beside, ended with {code}"

    return beside


def _unpack(revision: str, tree: Path) -> None:
    if not tree.exists():
        tree.mkdir(parents=True)
        with subprocess.Popen(["git", "archive", revision], stdout=subprocess.PIPE) as archive:
            subprocess.run(["tar", "-x", "-C", str(tree)], stdin=archive.stdout, check=True)


async def _killed(child: Child, world: World) -> str:
    async with child.lock:
        await _running(child, world)
        world.resting.add(child.name)  # or the watch starts it anew before its end is seen
        child.send(signal.SIGKILL)
        code = await child.ended(5.0)
        world.resting.discard(child.name)
    if code != -signal.SIGKILL:
        raise FaultError(f"{child.name} ended with {code}")
    world.watch()
    return f"{child.name} killed"


async def _running(child: Child, world: World) -> None:
    if not child.pid:
        world.watch()
        await asyncio.sleep(0.2)


FAULTS: dict[str, tuple[Fault, int]] = {
    "kill": (kill, 6),
    "pause": (pause, 4),
    "terminate": (terminate, 3),
    "burst": (burst, 1),
    "broker_kill": (broker_kill, 2),
    "offsets_forgotten": (offsets_forgotten, 1),
    "wrong_partitions": (wrong_partitions, 2),
    "sender_kill": (sender_kill, 2),
}
"""Fault and weight by name."""
