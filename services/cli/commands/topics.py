"""`stagewire topics`: make a cluster's topics what Stagewire declares, or tell how they differ."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

import click
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.cli.edge import kafka_told
from services.edge import topic_check
from services.edge.broker import BrokerError
from services.edge.kafka import KafkaSettings, admin
from services.edge.topic_check import Difference, TopicsError
from services.edge.topics import Topic, Topics, TopicSettings

_Work = Callable[[AIOKafkaAdminClient, Sequence[Topic]], Awaitable[tuple[Difference, ...]]]
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON list of differences.")


@click.group("topics", short_help="Create and check the topics.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Create and check the topics on the cluster of KAFKA_BOOTSTRAP_SERVERS, else on the local broker."""


@COMMAND.command()
@_as_json
def apply(as_json: bool) -> None:
    """Create missing topics and alter settings that differ; partitions are never altered."""
    done = _run(topic_check.apply)
    _print(done, as_json, "done: ", "nothing to do: all topics are as declared")


@COMMAND.command()
@_as_json
@click.pass_context
def check(context: click.Context, as_json: bool) -> None:
    """List what differs from the declaration; exit code 1 if anything does."""
    found = _run(topic_check.check)
    _print(found, as_json, "", "all topics are as declared")
    context.exit(1 if found else 0)


def _run(work: _Work) -> tuple[Difference, ...]:
    try:
        return asyncio.run(_with_admin(work))
    except KafkaError as problem:
        raise click.ClickException(kafka_told(problem)) from problem
    except (BrokerError, TopicsError) as problem:
        raise click.ClickException(str(problem)) from problem


async def _with_admin(work: _Work) -> tuple[Difference, ...]:
    client = admin(KafkaSettings())
    await client.start()
    try:
        return await work(client, Topics.of(TopicSettings()).declared())
    finally:
        await client.close()


def _print(found: tuple[Difference, ...], as_json: bool, before: str, none: str) -> None:
    if as_json:
        click.echo(json.dumps([difference._asdict() for difference in found]))
        return
    for diff in found:
        reason = f" ({diff.why})" if diff.why else ""
        click.echo(f"{before}{diff.topic}: {diff.setting} {diff.found} -> {diff.declared}{reason}")
    if not found:
        click.echo(none)
