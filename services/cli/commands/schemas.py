"""`stagewire schemas`: keep the Avro schemas in step with the classes that they describe."""

from __future__ import annotations

import click

from services.edge.codec import files
from services.edge.codec.errors import SchemaError


@click.group("schemas", short_help="Write, check and keep the Avro schemas.")
def COMMAND() -> None:  # noqa: N802  the loader's name for what a file exports
    """Avro schemas: write them from the classes, check them, keep those of a release."""


@COMMAND.command()
def write() -> None:
    """Write schemas/avro/ from the event and change classes, with ids for new shapes."""
    for path in files.write():
        click.echo(path)


@COMMAND.command()
def check() -> None:
    """Compare the files with the classes and with every release; exit 1 on a difference."""
    lines = files.differences() + files.incompatibilities()
    for line in lines:
        click.echo(line)
    if lines:
        raise SystemExit(1)


@COMMAND.command()
@click.argument("version")
def release(version: str) -> None:
    """Keep the current schemas as those of VERSION, for ever."""
    try:
        click.echo(f"{files.release(version)} schemas kept as {version}")
    except SchemaError as error:
        raise click.ClickException(str(error)) from error
