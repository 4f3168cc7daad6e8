"""`stagewire process start`: start a template on an item, with the values of its form."""

from __future__ import annotations

from collections.abc import Sequence

import click

from services.cli.edge import json_option
from services.cli.processes.params import form_values, params_option
from services.cli.processes.talking import ask, item_path, say_done, user_option, wait_option


@click.command("start")
@click.argument("template")
@click.argument("item", metavar="TYPE/ID")
@params_option
@click.option("--change-key", default="", help="Id of the start: a repeat has no second effect.")
@user_option
@wait_option
@json_option()
def COMMAND(  # noqa: N802
    template: str, item: str, params: Sequence[str], change_key: str, user: str, wait: float, as_json: bool
) -> None:
    """Start TEMPLATE on an item; prints the id of the instance."""
    body = {"template": template, "params": form_values(template, params), "user": user, "change_key": change_key}
    say_done(ask("POST", f"{item_path(item)}/processes?wait={wait:g}", body=body), as_json)
