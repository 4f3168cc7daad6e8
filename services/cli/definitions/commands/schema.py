"""`stagewire definitions schema`: the JSON Schema of definitions, for editors and other programs."""

from __future__ import annotations

import click

from services.cli.definitions.template_schema import text_of
from services.deal_stream.bootstrap import catalogue


@click.command("schema")
@click.argument("kind", type=click.Choice(["template"]))
@click.option("--json", "_as_json", is_flag=True, help="The schema is JSON with or without this.")
def COMMAND(kind: str, _as_json: bool) -> None:  # noqa: N802  # loaded by name; there is one kind so far
    """Print the JSON Schema of a kind, as it stands in schemas/: for templates, with all actions and their parameters.

    An editor checks files against it where they begin with
    `# yaml-language-server: $schema=…/process-template.schema.json`.
    """
    click.echo(text_of(catalogue()), nl=False)
