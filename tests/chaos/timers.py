"""`python -m tests.chaos.timers --waits 100000`: so many processes are due within a minute, and workers are killed."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
import time
import uuid
from functools import partial
from itertools import islice
from pathlib import Path

import click
import uvloop
from aiokafka import AIOKafkaProducer

from tests.chaos import waits
from tests.chaos.checker import Verdict
from tests.chaos.plan import Plan
from tests.chaos.run import create, settle, watch
from tests.chaos.sender import SENT
from tests.chaos.single import single
from tests.chaos.world import World, own_brokers

_SUBJECT = "tests.chaos.waits"


@click.command()
@click.option("--waits", "wanted", type=int, default=100_000, show_default=True)
@click.option("--kills", type=int, default=6, show_default=True, help="Of workers, as timers fire.")
def main(wanted: int, kills: int) -> None:
    """Start the processes, kill workers while their timers fire, and compare with the model."""
    with tempfile.TemporaryDirectory(prefix="stagewire-timers-") as home:
        verdict = uvloop.run(_run(Path(home), wanted, kills))
    for example in verdict.examples:
        click.echo(f"  {example}")
    sys.exit(1 if verdict.bad else 0)


async def _run(home: Path, wanted: int, kills: int) -> Verdict:
    with own_brokers(home) as brokers:
        plan = Plan(stream=_SUBJECT, workers=2, partitions=4)
        crew = single(plan, home, f"timers-{uuid.uuid4().hex[:6]}.", brokers.bootstrap)._replace(senders=(), strays=())
        await create(crew, brokers.bootstrap)
        world = World(home, brokers, crew)
        try:
            world.watch()
            watching = asyncio.create_task(watch(world))
            began = time.monotonic()
            await _send(brokers.bootstrap, waits.stream(crew.groups[0].place.prefix).inbox, wanted)
            _say(f"{wanted:,} deals sent in {time.monotonic() - began:.0f} s")
            await asyncio.sleep(max(0.0, began + waits.WAIT_S - time.monotonic()))
            await _kill(world, kills)
            verdict, _ = await settle(world, _say, 600.0)
            watching.cancel()
            return verdict
        finally:
            world.stop()


async def _send(bootstrap: str, inbox: str, wanted: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=20)
    await producer.start()
    send = partial(producer.send, inbox)
    for number, (key, value, _) in enumerate(islice(waits.changes(random.Random(1)), wanted)):
        await send(value, key, headers=[(SENT, b"1-%d" % number)])
    await producer.stop()


async def _kill(world: World, kills: int) -> None:
    """Kill one worker after the other, while timers fire."""
    for number in range(kills):
        await asyncio.sleep(6.0)
        child = world.workers[number % len(world.workers)]
        _say(f"{child.name} killed")
        child.send(signal.SIGKILL)
        await child.ended(5.0)


def _say(text: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {text}")


if __name__ == "__main__":
    main()
