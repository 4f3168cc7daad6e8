"""`stagewire record`: chats, feed posts and other records with rules of their own, through the API."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import click

from services.cli.api import ApiError, call
from services.cli.edge import WIDTH, shown

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_UNDER_TIME = 16
"""Where a line goes on: below what stands beside its time."""
_limit = click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="At most so many.")


@click.group("record", short_help="Show chats, feed posts and other records.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Show records with rules of their own: chats with their messages, posts of the feed, and other types."""


def _call(method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
    try:
        return call(method, path, query, body)
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem


def _path(record_type: str, record_id: str = "", part: str = "") -> str:
    return "/v1/records/" + "/".join(quote(each, safe="") for each in (record_type, record_id, part) if each)


@COMMAND.command("list")
@click.argument("record_type", metavar="TYPE")
@click.option("--member", default="", help="Chats, or the feed, of an employee.")
@click.option("--item", default="", help="type/id of the item that they are about.")
@click.option("--tag", default="", help="Tag of a feed post.")
@click.option("--text", default="", help="Part of the text, in any case.")
@click.option("--status", default="", help="Status: private, open or direct for a chat.")
@click.option("--owner", default="", help="Owner or author.")
@_limit
@_as_json
def list_(record_type: str, limit: int, as_json: bool, **sought: str) -> None:
    """List the records of TYPE (chat, feed_post, …) that have all that is asked for, last changed first."""
    found = _call("GET", _path(record_type), {**{k: v for k, v in sought.items() if v}, "limit": limit})
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found["records"]:
        what = f"{one['status']:<8}  {one['owner']:<10}  {one['title']}"
        _print_wrapped(f"{_when(one)}  {one['id']}  {what}", _UNDER_TIME)


@COMMAND.command("show")
@click.argument("record_type", metavar="TYPE")
@click.argument("record_id", metavar="ID")
@_as_json
def show(record_type: str, record_id: str, as_json: bool) -> None:
    """Show one record: its line in the list, and what its decisions read."""
    found = _call("GET", _path(record_type, record_id))
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        _print_wrapped(f"{name:<14} {value if isinstance(value, str) else json.dumps(value)}", 15)


@COMMAND.command("entries")
@click.argument("record_type", metavar="TYPE")
@click.argument("record_id", metavar="ID")
@click.option("--user", default="", help="Only what this employee may read.")
@click.option("--after", type=click.IntRange(0), default=0, help="What came after this version.")
@_limit
@_as_json
def entries(record_type: str, record_id: str, user: str, after: int, limit: int, as_json: bool) -> None:
    """Show what a record holds, oldest first: the messages of a chat."""
    query = {"user": user, "after": after, "limit": limit}
    found = _call("GET", _path(record_type, record_id, "entries"), query)
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found["entries"]:
        _print_entry(one)
    if found["next"]:
        click.echo(f"more: --after {found['next']}")


@COMMAND.command("change")
@click.argument("record_type", metavar="TYPE")
@click.argument("record_id", metavar="ID")
@click.argument("body", metavar="JSON")
@click.option("--wait", type=click.FloatRange(0, 10), default=10, show_default=True, help="Seconds to wait.")
@_as_json
def change(record_type: str, record_id: str, body: str, wait: float, as_json: bool) -> None:
    """Do something with a record, as an employee or the platform: JSON is a change with its `kind`."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise click.BadParameter(f"no JSON: {error}") from error
    found = _call("POST", f"{_path(record_type, record_id, 'changes')}?wait={wait:g}", body=given)
    click.echo(json.dumps(found) if as_json else f"{found['status']} {found['change_id']}")


def _when(one: Mapping[str, Any]) -> str:
    return datetime.fromtimestamp(one["recorded_at"] / 1000, UTC).strftime("%m-%d %H:%M:%S")


def _print_entry(one: Mapping[str, Any]) -> None:
    """Print who said what; a message of a kind of its own says which."""
    who = f"{one.get('sender') or one['actor']:<10}"
    kind = f"({one['kind']}) " if one.get("kind") not in (None, "", "general") else ""
    _print_wrapped(f"{_when(one)}  {who}  {kind}{one.get('text', one['type'])}", _UNDER_TIME)


def _print_wrapped(line: str, under: int) -> None:
    """Print a line that people wrote parts of: it cannot steer the terminal, and goes on below its beginning."""
    broken = textwrap.wrap(
        shown(line), WIDTH, subsequent_indent=" " * under, break_on_hyphens=False, replace_whitespace=False
    )
    click.echo("\n".join(broken))
