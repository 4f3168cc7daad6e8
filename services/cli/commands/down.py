"""`stagewire down`: stop everything that `up` has started."""

from __future__ import annotations

import json

import click

from services.cli.stack.lifting import bring_down
from services.edge.broker import BrokerError, home_dir


@click.command("down", short_help="Stop all services, then the local broker; data stay.")
@click.option("--keep-broker", is_flag=True, help="Stop the services alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def COMMAND(keep_broker: bool, as_json: bool) -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Stop all services in order, then the local broker; data stay for the next start."""
    try:
        stopped = bring_down(home_dir(), broker=not keep_broker)
    except BrokerError as problem:
        raise click.ClickException(str(problem)) from problem
    text = "stopped" if stopped else "nothing was running"
    click.echo(json.dumps({"stopped": stopped}) if as_json else text)
