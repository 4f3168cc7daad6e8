"""`stagewire calendar`: what an employee has planned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from services.cli.api import ApiError, call
from services.cli.edge import moment_text


@click.command("calendar", short_help="Show what an employee has planned.")
@click.argument("user")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), default=None, help="First day (UTC); today.")
@click.option("--days", type=click.IntRange(1, 62), default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def COMMAND(user: str, since: datetime | None, days: int, as_json: bool) -> None:  # noqa: N802  # loaded by this name
    """Show the calls, meetings, other activities and bookings of USER in order, through the API."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = since.replace(tzinfo=UTC) if since else today
    span = {"since": _ms(start), "until": _ms(start + timedelta(days=days))}
    try:
        found = call("GET", "/v1/calendar", {"user": user, **span})
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(found))
        return
    lines = [*map(_activity, found["entries"]), *map(_booking, found["bookings"])]
    for at, line in sorted(lines):
        click.echo(f"{moment_text(at)}  {line}")


def _activity(one: Mapping[str, Any]) -> tuple[int, str]:
    what, done = one["activity"], "" if one["status"] == "planned" else f" ({one['status']})"
    return what["start"], f"{what['kind']:<8}  {one['item_type']}/{one['item_id']}  {what['subject']}{done}"


def _booking(one: Mapping[str, Any]) -> tuple[int, str]:
    return one["start"], f"{'booking':<8}  {one['item']}  {one['service']} until {moment_text(one['end'])}"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
