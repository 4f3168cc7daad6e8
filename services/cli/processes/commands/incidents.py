"""`stagewire process incidents`: failed steps that wait for a decision, and decisions on many of them."""

from __future__ import annotations

import json
from typing import Any

import click

from services.cli.edge import json_option, shown
from services.cli.processes.talking import ask, say_incidents, user_option


@click.command("incidents")
@click.option("--template", default="", help="Only those of a template.")
@click.option("--reason", default="", help="Only those with this reason code.")
@click.option("--step", default="", help="Only those at this step.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="At most so many.")
@click.option("--resolve", type=click.Choice(["retry", "skip", "stop"]), default=None,
              help="Preview this decision on all of them; begin with --upto.")  # fmt: skip
@click.option("--upto", type=click.IntRange(1), default=None, help="Begin, with what the preview named.")
@click.option("--per-second", type=click.IntRange(1, 100), default=10, show_default=True, help="Incidents a second.")
@user_option
@json_option()
def COMMAND(  # noqa: N802
    template: str, reason: str, step: str, limit: int, resolve: str | None, upto: int | None, per_second: int,
    user: str, as_json: bool,
) -> None:  # fmt: skip
    """List failed steps that wait for a decision, raised last first; decide on all of them with --resolve."""
    wanted = {"template": template, "reason": reason, "step": step}
    if resolve is None:
        found = ask("GET", "/v1/incidents", {**wanted, "limit": limit})
    elif upto is None:
        found = ask("POST", "/v1/incidents/preview", body={**wanted, "limit": limit})
    else:
        body = {**wanted, "action": resolve, "upto": upto, "per_second": per_second, "user": user}
        found = ask("POST", "/v1/incidents/resolve", body=body)
    if as_json:
        click.echo(json.dumps(found))
        return
    _say(found, resolve, begun=upto is not None)


def _say(found: dict[str, Any], resolve: str | None, *, begun: bool) -> None:
    if resolve and begun:
        click.echo(shown(f"batch {found['id']}: {found['action']} {found['total']}, {found['status']}"))
        return
    say_incidents(found["incidents"])
    if resolve:
        begin = f"; begin with --resolve {resolve} --upto {found['upto']}" if found["total"] else ""
        click.echo(f"{found['total']} in all{begin}")
    elif found["next"]:
        click.echo("there are more: choose by --template, --reason or --step")
