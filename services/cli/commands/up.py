"""`stagewire up`: broker, topics and all services on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from services.cli.edge import cut, kafka_told
from services.cli.stack.lifting import Stack, StackError, bring_up
from services.edge.broker import BrokerError, home_dir, jars
from services.edge.broker.jars import JarsError
from services.edge.broker.java import JavaError
from services.edge.topic_check import TopicsError


@click.command("up", short_help="Start everything that does not run yet.")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Processes of deal_stream.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def COMMAND(workers: int, as_json: bool) -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Start everything that does not run yet, and wait until it is ready.

    The broker is that of KAFKA_BOOTSTRAP_SERVERS, else a local one that is started too.
    """
    started = start(workers)
    if as_json:
        click.echo(json.dumps(started._asdict()))
        return
    click.echo(f"ready in {started.seconds:.1f} s: broker and {len(started.units)} processes")
    if started.rebuilding:
        click.echo(f"  still rebuilding from the log: {', '.join(started.rebuilding)}")
    click.echo(f"  Kafka     {started.bootstrap}")
    click.echo(f"  HTTP API  {started.gateway}/v1")
    click.echo(f"  about it  {started.gateway}/")
    click.echo("  next      stagewire status, stagewire definitions apply, stagewire demo")


def start(workers: int) -> Stack:
    """Bring the stack up, with what happens shown on the error stream; problems end the command with a message."""
    console = Console(stderr=True)
    try:
        with console.status("starting") as status:
            return bring_up(home_dir(), workers, lambda text: status.update(cut(text, 76)), _bar)
    except KafkaError as problem:
        raise click.ClickException(kafka_told(problem)) from problem
    except (StackError, BrokerError, JavaError, JarsError, TopicsError) as problem:
        raise click.ClickException(str(problem)) from problem


@contextmanager
def _bar(total: int) -> Iterator[jars.Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Fetching Kafka (once)", total=total)
        yield lambda size: bar.advance(task, size)
