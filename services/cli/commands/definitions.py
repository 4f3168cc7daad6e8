"""`stagewire definitions`: pipelines, fields, rules, triggers and people, as files."""

from __future__ import annotations

import click

import services.cli.definitions.commands as _commands
from services.cli.folder import CommandFolder


@click.group(
    "definitions", cls=CommandFolder, package=_commands, short_help="Check, test, apply and manage definitions."
)
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Check, test, apply and manage definitions (YAML or JSON; `kind:` beside the body)."""
