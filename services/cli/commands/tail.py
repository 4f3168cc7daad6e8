"""`stagewire tail`: follow a topic, decoded, one line a record."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

import click
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.cli.edge import json_option, run, topics, wait_for_topic
from services.cli.stack.place import signing_secrets
from services.cli.tailing.lines import as_json as record_json
from services.cli.tailing.lines import as_line, readers, told
from services.edge.broker import home_dir
from services.edge.kafka import KafkaSettings, consumer

_NAMES = ("events", "changes", "effects", "payments", "payment-events", "definitions", "dead-letters")
_POLL_MS = 300


@click.command("tail", short_help="Follow a topic, decoded.")
@click.argument("topic", type=click.Choice(_NAMES), default="events")
@click.option("--from-start", is_flag=True, help="Show what is there already, too.")
@click.option("--no-follow", is_flag=True, help="End where the topic ends now.")
@click.option("--item", default="", metavar="KEY", help="Only records whose key begins with this.")
@json_option("Print one JSON object a line.")
def COMMAND(  # noqa: N802  # the name by which the command folder is loaded
    topic: str, from_start: bool, no_follow: bool, item: str, as_json: bool
) -> None:
    """Follow a TOPIC (default: events) until Ctrl-C; values of signed changes need the local signing secret."""
    with contextlib.suppress(KeyboardInterrupt):
        run(_tail(topic, from_start, no_follow, item.encode(), as_json))


async def _tail(short: str, from_start: bool, no_follow: bool, prefix: bytes, as_json: bool) -> None:
    name, read = readers(topics(), signing_secrets(home_dir()))[short]
    async with contextlib.aclosing(_records(name, from_start or no_follow, no_follow)) as records:
        async for record in records:
            if (record.key or b"").startswith(prefix) and record.value is not None:
                found = told(read, record)
                click.echo(json.dumps(record_json(record, found)) if as_json else as_line(record, found))


async def _records(name: str, from_start: bool, no_follow: bool) -> AsyncGenerator[Any, None]:
    """Yield committed records of all partitions; those of one partition in order."""
    reader = consumer(KafkaSettings(), None, offset_reset="none")
    await reader.start()
    try:
        ends = await _place(reader, name, from_start)
        while not no_follow or await _behind(reader, ends):
            for records in (await reader.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    yield record
    finally:
        await reader.stop()


async def _place(reader: AIOKafkaConsumer, name: str, from_start: bool) -> dict[TopicPartition, int]:
    await wait_for_topic(reader, name)
    parts = [TopicPartition(name, number) for number in sorted(reader.partitions_for_topic(name) or ())]
    reader.assign(parts)
    ends: dict[TopicPartition, int] = await reader.end_offsets(parts)
    for part, start in (await reader.beginning_offsets(parts) if from_start else ends).items():
        reader.seek(part, start)
    return ends


async def _behind(reader: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return any([await reader.position(part) < end for part, end in ends.items()])
