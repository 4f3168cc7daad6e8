"""`stagewire notifications`: what an employee was told."""

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


@click.command("notifications", short_help="Show what an employee was told.")
@click.argument("user")
@click.option("--unread", is_flag=True, help="Unread ones only.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--read", "mark", is_flag=True, help="Mark what is shown as read.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def COMMAND(user: str, unread: bool, limit: int, mark: bool, as_json: bool) -> None:  # noqa: N802  # loaded by this name
    """Show the in-app notifications of USER, newest first, through the API."""
    try:
        found = call("GET", "/v1/notifications", {"user": user, "unread": str(unread).lower(), "limit": limit})
        ids = [one["effect_id"] for one in found["notifications"] if not one["read_at"]]
        if mark and ids:
            call("POST", "/v1/notifications/read", body={"user": user, "ids": ids})
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(found))
        return
    _print(user, found)


def _print(user: str, found: dict[str, Any]) -> None:
    table = Table(title=f"{user}: {found['unread']} unread", width=_WIDTH, box=None, title_justify="left")
    table.add_column("when", no_wrap=True)
    table.add_column("item", overflow="fold", max_width=24)
    table.add_column("text", overflow="fold", ratio=1)
    for one in found["notifications"]:
        when = datetime.fromtimestamp(one["created_at"] / 1000, UTC).strftime("%m-%d %H:%M")
        item = one["item_key"].partition("/")[2]
        table.add_row(when, Text(item), Text(one["text"], style="" if one["read_at"] else "bold"))
    Console(width=_WIDTH).print(table)
