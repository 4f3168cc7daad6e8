"""`stagewire process`: business processes, through the API."""

from __future__ import annotations

import click

import services.cli.processes.commands as _commands
from services.cli.folder import CommandFolder


@click.group("process", cls=CommandFolder, package=_commands, short_help="Start, watch and control business processes.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Start, watch and control business processes.

    Uses the API (STAGEWIRE_API_URL, STAGEWIRE_API_KEY). An INSTANCE is named by its id, or by how that begins.
    """
