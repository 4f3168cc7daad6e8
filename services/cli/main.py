"""The `stagewire` command: one group, one file per sub-command."""

from __future__ import annotations

import importlib
import pkgutil

import click

import services.cli.commands as _commands
from services.cli.edge import quiet_libraries


class CommandFolder(click.Group):
    """A group whose commands are the files of `services/cli/commands/`, each imported when it is asked for.

    A file's name is its command's name, with `-` for `_` and without one at its end (`import_.py`); a file without a
    `COMMAND` stops the program.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the files."""
        return sorted(_files())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that file; None where there is no such file."""
        file = _files().get(cmd_name)
        if file is None:
            return None
        module = importlib.import_module(f"{_commands.__name__}.{file}")
        command: click.Command = module.COMMAND
        return command


def _files() -> dict[str, str]:
    """Return the names of the files by those of their commands."""
    return {found.name.rstrip("_").replace("_", "-"): found.name for found in pkgutil.iter_modules(_commands.__path__)}


@click.group(cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stagewire")
@click.pass_context
def main(context: click.Context) -> None:
    """Stagewire: event-sourced automation for CRM platforms, on Kafka."""
    if context.invoked_subcommand != "run":  # services write logs of their own
        quiet_libraries()
