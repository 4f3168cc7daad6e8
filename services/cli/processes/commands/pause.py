"""`stagewire process pause`."""

from __future__ import annotations

import click

from services.cli.edge import json_option
from services.cli.processes.talking import control, controls


@click.command("pause")
@controls()
@json_option()
def COMMAND(instance: str, user: str, wait: float, as_json: bool) -> None:  # noqa: N802
    """Begin no further step; those that wait go on waiting."""
    control(instance, "pause", user, wait, as_json)
