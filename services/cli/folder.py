"""Command groups that are folders: one file per command, imported when it is asked for."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import click


class CommandFolder(click.Group):
    """A group whose commands are the files of a package.

    A file's name is its command's name, with `-` for `_` and without one at its end (`import_.py`); a file without a
    `COMMAND` stops the program.
    """

    def __init__(self, *args: Any, package: ModuleType, **more: Any) -> None:
        super().__init__(*args, **more)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the files."""
        return sorted(self._files())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that file; None where there is no such file."""
        file = self._files().get(cmd_name)
        if file is None:
            return None
        module = importlib.import_module(f"{self._package.__name__}.{file}")
        command: click.Command = module.COMMAND
        return command

    def _files(self) -> dict[str, str]:
        """Return the names of the files by those of their commands."""
        found = pkgutil.iter_modules(self._package.__path__)
        return {one.name.rstrip("_").replace("_", "-"): one.name for one in found}
