"""`stagewire process skip`."""

from __future__ import annotations

import click

from services.cli.edge import json_option
from services.cli.processes.talking import control, controls


@click.command("skip")
@controls(click.option("--place", default="", help="Of the step; may be left out where just one has failed."))
@json_option()
def COMMAND(instance: str, place: str, user: str, wait: float, as_json: bool) -> None:  # noqa: N802
    """Go on behind a failed or waiting step."""
    control(instance, "skip", user, wait, as_json, place=place)
