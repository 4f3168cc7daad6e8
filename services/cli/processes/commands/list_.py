"""`stagewire process list`: processes of an item, or of all items."""

from __future__ import annotations

import json

import click

from services.cli.edge import json_option
from services.cli.processes.talking import ask, item_path, short, when, wrapped

_STATUS = click.Choice(["running", "paused", "completed", "cancelled", "open", "incident"])


@click.command("list")
@click.argument("item", required=False, metavar="[TYPE/ID]")
@click.option("--template", default="", help="Only those of a template.")
@click.option("--status", type=_STATUS, default=None, help="open: not ended; incident: somebody must decide.")
@click.option("--before", default="", help="`next` of the page before.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="At most so many.")
@json_option()
def COMMAND(  # noqa: N802
    item: str | None, template: str, status: str | None, before: str, limit: int, as_json: bool
) -> None:
    """List processes, started last first: those of an item, or of all items."""
    asked = {"template": template, "status": status or "", "before": before, "limit": limit}
    if item and template:
        raise click.UsageError("give an item or --template")
    found = ask("GET", f"{item_path(item)}/processes" if item else "/v1/processes", asked)
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found["processes"]:
        waits = f", {one['incidents']} to decide" if one["incidents"] else ""
        cause = f" ({one['cause']})" if one["cause"] else ""
        what = f"{one['template_id']} v{one['template_version']} of {one['item_type']}/{one['item_id']}"
        wrapped(f"{when(one['started_at'])}  {short(one['instance_id'])}  {what}: {one['status']}{cause}{waits}", 22)
    if found["next"]:
        click.echo(f"more: --before {found['next']}")
