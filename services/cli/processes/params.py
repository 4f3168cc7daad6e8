"""Start parameters as people write them: `code=value`, in the types of the template's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import click

from automation.values import Money
from services.cli.processes.talking import ask
from services.cli.values import from_text, several

params_option = click.option(
    "--param", "-p", "params", multiple=True, metavar="CODE=VALUE", help="A value of the start form."
)


def template_path(template: str) -> str:
    """Return the address of a template, which may be named template/<id>."""
    return f"/v1/templates/{quote(template.removeprefix('template/'), safe='')}"


def form_values(template: str, given: Sequence[str]) -> dict[str, Any]:
    """Return the values for the start form of a template, as the API takes them."""
    form = ask("GET", f"{template_path(template)}/form")["schema"]["properties"] if given else {}
    return dict(_value(form, one) for one in given)


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
