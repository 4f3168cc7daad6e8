"""`stagewire process start`: start a template on an item, with the values of its form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import click

from automation.values import Money
from services.cli.edge import json_option
from services.cli.processes.talking import ask, item_path, say_done, user_option, wait_option
from services.cli.values import from_text, several


@click.command("start")
@click.argument("template")
@click.argument("item", metavar="TYPE/ID")
@click.option("--param", "-p", "params", multiple=True, metavar="CODE=VALUE", help="A value of the start form.")
@click.option("--change-key", default="", help="Id of the start: a repeat has no second effect.")
@user_option
@wait_option
@json_option()
def COMMAND(  # noqa: N802
    template: str, item: str, params: Sequence[str], change_key: str, user: str, wait: float, as_json: bool
) -> None:
    """Start TEMPLATE on an item; prints the id of the instance."""
    form = ask("GET", f"/v1/templates/{quote(template, safe='')}/form")["schema"]["properties"] if params else {}
    body = {
        "template": template, "params": dict(_value(form, one) for one in params), "user": user,
        "change_key": change_key,
    }  # fmt: skip
    say_done(ask("POST", f"{item_path(item)}/processes?wait={wait:g}", body=body), as_json)


def _value(form: dict[str, Any], given: str) -> tuple[str, Any]:
    code, sign, text = given.partition("=")
    field = form.get(code)
    if not sign or field is None:
        raise click.BadParameter(f"{given!r} is not <code>=<value> of one of: {', '.join(form) or 'no parameters'}")
    try:
        read = several(text, field["x-type"]) if field["type"] == "array" else from_text(text, field["x-type"])
    except ValueError as error:
        raise click.BadParameter(f"{code}: {error}") from error
    return code, {"minor": read.minor, "currency": read.currency} if isinstance(read, Money) else read
