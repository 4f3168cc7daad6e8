"""`stagewire messages`: what leaves the platform, and what became of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.api import ApiError, call

_WIDTH = 80
_STATES = ("queued", "sending", "sent", "delivered", "failed", "unknown", "dead")


@click.command("messages", short_help="Show messages that leave, and what became of them.")
@click.option("--item", default="", help="Only those of an item: deal/42; of a test: connection/<id>.")
@click.option("--channel", default="", help="Only those of a channel, such as sms.")
@click.option("--state", type=click.Choice(_STATES), default=None, help="Only those in a state.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def COMMAND(item: str, channel: str, state: str | None, limit: int, as_json: bool) -> None:  # noqa: N802  # loaded by this name
    """Show messages newest first: queued, sent, delivered or failed, with the provider's own id."""
    asked = {"item": item, "channel": channel, "state": state or "", "limit": limit}
    try:
        found = call("GET", "/v1/messages/sent", asked)
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(found))
        return
    _print(found["messages"])


def _print(messages: list[dict[str, Any]]) -> None:
    table = Table(width=_WIDTH, box=None)
    for column in ("when", "item", "channel", "state", "provider's id or reason"):
        table.add_column(column, overflow="fold")
    for one in messages:
        when = datetime.fromtimestamp(one["created_at"] / 1000, UTC).strftime("%m-%d %H:%M")
        told = " ".join(filter(None, (one["reason"], one["detail"]))) or one["provider_id"]
        item = one["item_key"].partition("/")[2]
        table.add_row(when, *map(Text, (item, one["channel"], one["state"], told)))
    Console(width=_WIDTH).print(table)
