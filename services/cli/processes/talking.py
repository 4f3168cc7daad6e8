"""What the commands of processes share: how they ask the API, and how they print for 80 columns."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any
from urllib.parse import quote

import click

from services.cli.api import ApiError, call
from services.cli.edge import WIDTH, Decorator, moment_text, shown

user_option = click.option("--user", default="", help="The employee who does it; left out: the name of the API key.")
wait_option = click.option(
    "--wait", type=click.FloatRange(0, 10), default=10, show_default=True, help="Seconds to wait until it was decided."
)
instance_argument = click.argument("instance")
_SHORT = 8


def ask(method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
    """Send one request; what is refused is told to the person at the terminal."""
    try:
        return call(method, path, query, body)
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem


def item_path(item: str) -> str:
    """Return the address of an item, which is named type/id."""
    item_type, slash, item_id = item.partition("/")
    if not (item_type and slash and item_id):
        raise click.BadParameter(f"{item!r} is not type/id, such as deal/1042")
    return f"/v1/items/{quote(item_type, safe='')}/{quote(item_id, safe='')}"


def instance_path(instance: str) -> str:
    """Return the address of the one instance whose id is, or begins, so."""
    found = ask("GET", "/v1/processes", {"instance": instance, "limit": 2})["processes"]
    if len(found) != 1:
        raise click.ClickException(f"{'no process has' if not found else 'several processes have'} the id {instance}…")
    one = found[0]
    return f"{item_path(one['item_type'] + '/' + one['item_id'])}/processes/{one['instance_id']}"


def controls(*more: Decorator) -> Decorator:
    """Return the arguments that every command about one instance takes, and `more`."""
    each: tuple[Decorator, ...] = (instance_argument, *more, user_option, wait_option)
    return lambda work: reduce(lambda made, one: one(made), reversed(each), work)


def control(instance: str, action: str, user: str, wait: float, as_json: bool, **more: Any) -> None:
    """Do something with an instance, and say what came of it."""
    found = ask(
        "POST", f"{instance_path(instance)}/control?wait={wait:g}", body={"action": action, "user": user, **more}
    )
    say_done(found, as_json)


def say_done(found: Mapping[str, Any], as_json: bool) -> None:
    """Print what a change led to."""
    if as_json:
        click.echo(json.dumps(found))
        return
    named = f" {found['instance_id']}" if "instance_id" in found else ""
    click.echo(f"{found['status']}{named}")
    for event in found.get("events", ()):
        click.echo(f"{event['version']:>6}  {event['type']}")


def short(instance_id: str) -> str:
    """Return as much of an id as a person types."""
    return instance_id[:_SHORT]


def wrapped(line: str, under: int) -> None:
    """Print a line; what is too long goes on below, `under` columns from the left."""
    text = line.lstrip(" ")
    found = textwrap.wrap(
        shown(text), WIDTH, initial_indent=" " * (len(line) - len(text)), subsequent_indent=" " * under,
        break_on_hyphens=False,
    )  # fmt: skip
    click.echo("\n".join(found))


def text_of(value: Any) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, dict) and value.keys() == {"minor", "currency"}:
        return f"{value['minor']} {value['currency']} (minor units)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def facts_of(values: Mapping[str, Any]) -> str:
    """Return named values in one line; empty ones are left out."""
    return "  ".join(f"{name}={text_of(value)}" for name, value in values.items() if value not in ("", None, [], {}))


def when(moment: int) -> str:
    """Return a moment as a person reads it; nothing for none."""
    return moment_text(moment) if moment else ""


def say_incidents(found: Iterable[Mapping[str, Any]]) -> None:
    """Print open incidents, one below the other."""
    for one in found:
        where = f"{one['item_type']}/{one['item_id']}"
        told = f"{when(one['raised_at'])}  {short(one['instance_id'])}  {one['template_id']} at {one['place']}"
        wrapped(f"{told} of {where}: {one['reason']}", 22)
