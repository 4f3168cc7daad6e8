"""A sender process of the harness: `python -m tests.chaos.sender` puts changes into the inbox until it is killed."""

from __future__ import annotations

import asyncio
import random
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

import click
import uvloop
from aiokafka import AIOKafkaProducer

from tests.chaos.subject import Made, load

SENT = "chaos-id"
"""Header by which the harness knows its own changes."""


def crc32(key: bytes, partitions: Sequence[int], available: Sequence[int]) -> int:
    """Choose a partition as librdkafka does by default: the wrong one for us."""
    return partitions[zlib.crc32(key) % len(partitions)]


@click.command()
@click.option("--stream", required=True)
@click.option("--prefix", required=True)
@click.option("--bootstrap", required=True)
@click.option("--rate", type=int, default=300)
@click.option("--seed", type=int, required=True)
@click.option("--wrong", is_flag=True)
@click.option("--count", type=int, default=0)
def main(stream: str, prefix: str, bootstrap: str, rate: int, seed: int, wrong: bool, count: int) -> None:
    """Send at a rate per second, `count` changes or without an end."""
    partitioner = {"partitioner": crc32} if wrong else {}
    subject = load(stream)
    made = enumerate(subject.changes(random.Random(seed)), 1)
    marked = ((key, value, [*headers, (SENT, b"%d-%d" % (seed, number))]) for number, (key, value, headers) in made)
    producer = partial(AIOKafkaProducer, bootstrap_servers=bootstrap, enable_idempotence=True, **partitioner)
    uvloop.run(_send(producer, subject.stream(prefix).inbox, islice(marked, count or None), rate))


async def _send(make: Callable[[], AIOKafkaProducer], topic: str, changes: Iterator[Made], rate: int) -> None:
    producer = make()
    await producer.start()
    loop = asyncio.get_running_loop()
    began = loop.time()
    pending: list[asyncio.Future[object]] = []
    for number, (key, value, headers) in enumerate(changes, 1):
        pending.append(await producer.send(topic, value, key, headers=list(headers)))
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
    await asyncio.gather(*pending)
    await producer.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
