"""`stagewire process dry-run`: what a start would lead to; nothing is performed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from services.cli.edge import json_option
from services.cli.processes.lines import log_lines, trace_lines
from services.cli.processes.params import form_values, params_option, template_path
from services.cli.processes.talking import ask, wrapped


@click.command("dry-run")
@click.argument("template")
@click.argument("item", metavar="TYPE/ID")
@params_option
@click.option("--version", type=click.IntRange(0), default=0, help="A saved version, a draft for example.")
@json_option()
def COMMAND(template: str, item: str, params: Sequence[str], version: int, as_json: bool) -> None:  # noqa: N802
    """Say whether TEMPLATE would start on an item, and what it would do until it first waits."""
    item_type, _, item_id = item.partition("/")
    body = {
        "item": {"item_type": item_type, "item_id": item_id}, "params": form_values(template, params),
        "version": version,
    }  # fmt: skip
    found = ask("POST", f"{template_path(template)}/dry-run", body=body)
    if as_json:
        click.echo(json.dumps(found))
        return
    missing = f": {', '.join(found['missing'])}" if found["missing"] else ""
    told = "would start" if found["starts"] else f"would not start: {found['refusal']}{missing}"
    wrapped(f"{found['template_id']} v{found['template_version']} {told}", 2)
    for line in trace_lines(found["condition"], "by itself"):
        wrapped(f"  {line}", 4)
    for one in found["process"]["log"] if found["process"] else ():
        log_lines(one)
