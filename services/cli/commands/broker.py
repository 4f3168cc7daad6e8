"""`stagewire broker`: the local Kafka of this machine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from services.edge import broker
from services.edge.broker import jars
from services.edge.broker.jars import JarsError
from services.edge.broker.java import JavaError

_NOT_RUNNING = 3
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group("broker", short_help="Start, stop and reset the local Kafka.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Start and stop the local Kafka broker (not used where KAFKA_BOOTSTRAP_SERVERS is set)."""


@COMMAND.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port for clients; default: as last time, or a free one.")
@_as_json
def start(port: int | None, as_json: bool) -> None:
    """Start the broker, or find it running, and print its address."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        _say(as_json, {"bootstrap": given, "started": False}, f"KAFKA_BOOTSTRAP_SERVERS is set: using {given}")
        return
    began = time.monotonic()
    try:
        before = broker.running_broker(broker.home_dir())
        running = broker.start_broker(broker.home_dir(), port, _bar)
    except (broker.BrokerError, JavaError, JarsError) as problem:
        raise click.ClickException(str(problem)) from problem
    seconds = round(time.monotonic() - began, 2)
    facts = {"bootstrap": running.bootstrap, "pid": running.pid, "started": before is None, "seconds": seconds}
    told = f"ready in {seconds} s" if before is None else "already running"
    _say(as_json, facts, f"Kafka {told} at {running.bootstrap} (process {running.pid})")


@COMMAND.command()
@_as_json
def stop(as_json: bool) -> None:
    """Stop the broker; its data and its port stay for the next start."""
    stopped = broker.stop_broker(broker.home_dir())
    _say(as_json, {"stopped": stopped}, "Kafka stopped" if stopped else "Kafka was not running")


@COMMAND.command()
@_as_json
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Say whether the broker runs (exit code 0) or not (3)."""
    running = broker.running_broker(broker.home_dir())
    if running is None:
        _say(as_json, {"running": False}, "Kafka is not running")
        context.exit(_NOT_RUNNING)
    facts = {"running": True, "bootstrap": running.bootstrap, "pid": running.pid, "rss_bytes": running.rss()}
    text = f"Kafka runs at {running.bootstrap} (process {running.pid}, {running.rss() // 2**20} MiB)"
    _say(as_json, facts, text)


@COMMAND.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@_as_json
def reset(yes: bool, as_json: bool) -> None:
    """Stop the broker and delete all that it holds."""
    if not yes:
        click.confirm(f"Delete every topic in {broker.home_dir() / 'broker'}?", abort=True, err=True)
    deleted = broker.reset_broker(broker.home_dir())
    _say(as_json, {"deleted": deleted}, "Kafka's data are deleted" if deleted else "there was nothing to delete")


def _say(as_json: bool, facts: dict[str, object], text: str) -> None:
    click.echo(json.dumps(facts) if as_json else text)


@contextmanager
def _bar(total: int) -> Iterator[jars.Progress]:
    """Show a download on the error stream, so that `--json` output stays clean."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Fetching Kafka (once)", total=total)
        yield lambda size: bar.advance(task, size)
