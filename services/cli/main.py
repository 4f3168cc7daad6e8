"""The `stagewire` command: one group, one file per sub-command."""

from __future__ import annotations

import click

import services.cli.commands as _commands
from services.cli.edge import quiet_libraries
from services.cli.folder import CommandFolder


@click.group(cls=CommandFolder, package=_commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stagewire")
@click.pass_context
def main(context: click.Context) -> None:
    """Stagewire: event-sourced automation for CRM platforms, on Kafka."""
    if context.invoked_subcommand != "run":  # services write logs of their own
        quiet_libraries()
