"""`stagewire process retry`."""

from __future__ import annotations

import click

from services.cli.edge import json_option
from services.cli.processes.talking import control, controls


@click.command("retry")
@controls(click.option("--place", default="", help="Of the step; may be left out where just one has failed."))
@json_option()
def COMMAND(instance: str, place: str, user: str, wait: float, as_json: bool) -> None:  # noqa: N802
    """Try a failed step again."""
    control(instance, "retry", user, wait, as_json, place=place)
