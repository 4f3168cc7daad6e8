"""`stagewire process show`: a process now, as of a version, or of a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from automation.values import Moment
from services.cli.commands.item import MomentType
from services.cli.edge import json_option
from services.cli.processes.talking import ask, facts_of, instance_argument, instance_path, when, wrapped


@click.command("show")
@instance_argument
@click.option("--as-of", type=MomentType(), default=None, help="As it was at a time.")
@click.option("--version", type=click.IntRange(0), default=None, help="As it was after this event of the item.")
@json_option()
def COMMAND(instance: str, as_of: Moment | None, version: int | None, as_json: bool) -> None:  # noqa: N802
    """Show a process: its status, variables, the steps that it is at, and what waits for a decision."""
    asked = {name: value for name, value in (("as_of", as_of), ("version", version)) if value is not None}
    found = ask("GET", instance_path(instance), asked)
    if as_json:
        click.echo(json.dumps(found))
        return
    for line in _lines(found):
        wrapped(line, 12)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    cause = f" ({found['cause']})" if found["cause"] else ""
    yield f"{'process':<11} {found['instance_id']}"
    yield f"{'template':<11} {found['template_id']} v{found['template_version']} {found['template_name']}"
    yield f"{'status':<11} {found['status']}{cause} {found['ended_by']}"
    yield f"{'started':<11} {when(found['started_at'])} by {found['started_by']}"
    if found["ended_at"]:
        yield f"{'ended':<11} {when(found['ended_at'])}"
    for name in ("parent", "params", "variables", "results"):
        told = found[name] if isinstance(found[name], str) else facts_of(found[name])
        if told:
            yield f"{name:<11} {told}"
    for one in found["current"]:
        until = f" until {when(one['due'])}" if one["due"] else ""
        yield f"{'at step':<11} {one['place']} {one['title']}{until}"
    for one in found["incidents"]:
        yield f"{'decide':<11} {one['place']} {one['title']}: {one['reason']}, since {when(one['raised_at'])}"
