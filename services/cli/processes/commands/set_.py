"""`stagewire process set`: change variables of a process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from services.cli.edge import json_option
from services.cli.processes.talking import control, controls


@click.command("set")
@controls(click.argument("values", nargs=-1, required=True, metavar="CODE=JSON..."))
@json_option()
def COMMAND(instance: str, values: Sequence[str], user: str, wait: float, as_json: bool) -> None:  # noqa: N802
    """Set variables of a process: numbers and the like as JSON, anything else as text."""
    control(instance, "set", user, wait, as_json, variables=dict(map(_value, values)))


def _value(given: str) -> tuple[str, Any]:
    code, sign, text = given.partition("=")
    if not sign:
        raise click.BadParameter(f"{given!r} is not <code>=<value>")
    try:
        return code, json.loads(text)
    except ValueError:
        return code, text
