"""`stagewire process stop`."""

from __future__ import annotations

import click

from services.cli.edge import json_option
from services.cli.processes.talking import control, controls


@click.command("stop")
@controls(click.option("--reason", default="", help="Why; shown beside the process."))
@json_option()
def COMMAND(instance: str, reason: str, user: str, wait: float, as_json: bool) -> None:  # noqa: N802
    """End a process where it is."""
    control(instance, "stop", user, wait, as_json, reason=reason)
