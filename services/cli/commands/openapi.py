"""`stagewire openapi`: the document of the HTTP API, as it is committed in docs/reference/openapi.json."""

from __future__ import annotations

import click

from services.gateway.app import routes_only
from services.gateway.openapi import text_of


@click.command("openapi")
@click.option("--json", "_as_json", is_flag=True, help="The document is JSON with or without this.")
def COMMAND(_as_json: bool) -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Print the OpenAPI 3.1 document of the API."""
    click.echo(text_of(routes_only()), nl=False)
