"""`stagewire process resume`."""

from __future__ import annotations

import click

from services.cli.edge import json_option
from services.cli.processes.talking import control, controls


@click.command("resume")
@controls()
@json_option()
def COMMAND(instance: str, user: str, wait: float, as_json: bool) -> None:  # noqa: N802
    """Let the steps that were held begin."""
    control(instance, "resume", user, wait, as_json)
