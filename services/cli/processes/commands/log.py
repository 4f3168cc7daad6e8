"""`stagewire process log`: what each step of a process did, and why it went where it went."""

from __future__ import annotations

import json

import click

from services.cli.edge import json_option
from services.cli.processes.lines import log_lines
from services.cli.processes.talking import ask, instance_argument, instance_path


@click.command("log")
@instance_argument
@json_option("Print one JSON array.")
def COMMAND(instance: str, as_json: bool) -> None:  # noqa: N802
    """Show the log of a process in order: steps with outcome and results, branches with their conditions."""
    found = ask("GET", instance_path(instance))
    if as_json:
        click.echo(json.dumps(found["log"]))
        return
    for line in found["log"]:
        log_lines(line)
