"""The `stagewire` command: one group, one file per sub-command."""

from __future__ import annotations

import importlib
import pkgutil

import click

import services.cli.commands as _commands


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stagewire")
def main() -> None:
    """Stagewire: event-sourced automation for CRM platforms, on Kafka."""


def _load(package: object) -> None:
    """Add the `COMMAND` of every module in `services/cli/commands/`; a file without one stops the program."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):  # type: ignore[attr-defined]
        module = importlib.import_module(f"{_commands.__name__}.{found.name}")
        main.add_command(module.COMMAND)


_load(_commands)
