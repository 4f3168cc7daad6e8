"""`stagewire dead-letters`: what could not be processed, and how to put it back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import click
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from services.cli.edge import kafka_told
from services.edge.broker import BrokerError
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.processor.dead_letters import DeadLetter, list_dead_letters, place_of, redrive, show
from services.edge.topics import Topics, TopicSettings

T = TypeVar("T")

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
_topic = click.option("--topic", default=None, help="Dead-letter topic, if it is not the declared one.")
_WIDTH = 80


@click.group("dead-letters", short_help="List, show and redrive what could not be processed.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """List, show and redrive records that could not be processed."""


@COMMAND.command("list")
@click.option("--reason", default=None, help="Only those with this reason.")
@click.option("--tenant", default=None, help="Only those of this tenant.")
@_topic
@_as_json
def list_(reason: str | None, tenant: str | None, topic: str | None, as_json: bool) -> None:
    """List dead letters: place, origin, reason and key."""
    found = [
        letter for letter in _run(topic, _all)
        if reason in (None, letter.fault.reason) and tenant in (None, letter.fault.tenant)
    ]  # fmt: skip
    for letter in found:
        click.echo(json.dumps(_facts(letter)) if as_json else _line(letter))
    if not found and not as_json:
        click.echo("no dead letters")


@COMMAND.command("show")
@click.argument("place")
@_topic
@_as_json
def show_(place: str, topic: str | None, as_json: bool) -> None:
    """Show the dead letter at PLACE (partition:offset) in full."""
    _check(place)
    letter = _run(topic, lambda reader, name: show(reader, name, place))
    facts = {
        **_facts(letter),
        "value": _text(letter.value),
        "headers": [[name, _text(value)] for name, value in letter.headers],
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        click.echo(f"{name:>10}  {value}")


@COMMAND.command("redrive")
@click.argument("places", nargs=-1, required=True)
@_topic
@_as_json
def redrive_(places: Sequence[str], topic: str | None, as_json: bool) -> None:
    """Send the records at PLACES to where they came from again."""
    for place in places:
        _check(place)
    for place in places:
        _run(topic, partial(_redriven, place))
        click.echo(json.dumps({"redriven": place}) if as_json else f"redriven {place}")


def _check(place: str) -> None:
    try:
        place_of(place)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="PLACE") from problem


async def _all(reader: AIOKafkaConsumer, topic: str) -> list[DeadLetter]:
    return [letter async for letter in list_dead_letters(reader, topic)]


async def _redriven(place: str, reader: AIOKafkaConsumer, topic: str) -> None:
    letter = await show(reader, topic, place)
    sender = producer(KafkaSettings())
    await sender.start()
    try:
        await redrive(sender, letter)
    finally:
        await sender.stop()


def _run(topic: str | None, work: Callable[[AIOKafkaConsumer, str], Awaitable[T]]) -> T:
    """Do `work` with a started reader; what people did wrong is told without a traceback."""
    try:
        return asyncio.run(_with_reader(topic or Topics.of(TopicSettings()).dead_letters, work))
    except KafkaError as problem:
        raise click.ClickException(kafka_told(problem)) from problem
    except (LookupError, BrokerError) as problem:
        raise click.ClickException(str(problem)) from problem


async def _with_reader(topic: str, work: Callable[[AIOKafkaConsumer, str], Awaitable[T]]) -> T:
    reader = consumer(KafkaSettings(), None, offset_reset="none")
    await reader.start()
    try:
        return await work(reader, topic)
    finally:
        await reader.stop()


def _facts(letter: DeadLetter) -> dict[str, Any]:
    origin, fault = letter.origin, letter.fault
    return {
        "place": letter.at,
        "origin": f"{origin.topic} {origin.partition}:{origin.offset}",
        "at": _moment(origin.timestamp),
        "reason": fault.reason,
        "detail": fault.detail,
        "ours": fault.ours,
        "tenant": fault.tenant,
        "key": _text(letter.key),
    }


def _line(letter: DeadLetter) -> str:
    mark = "!" if letter.fault.ours else " "
    line = (
        f"{letter.at:>10} {_moment(letter.origin.timestamp)[:19]} {mark}{letter.fault.reason:<16} {_text(letter.key)}"
    )
    return line[:_WIDTH]


def _moment(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp / 1000, UTC).isoformat() if timestamp >= 0 else "-" * 19


def _text(value: bytes | None) -> str:
    """Show bytes as text; what could steer a terminal is escaped."""
    if value is None:
        return ""
    text = value.decode(errors="backslashreplace")
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
