"""`stagewire catalogue`: what rules and triggers there are, and how each is filled in."""

from __future__ import annotations

import json
import textwrap
from itertools import groupby
from pathlib import Path

import click

from automation.catalogue import Entry, Kind
from services.cli.catalogue.page import page, section, suits
from services.cli.edge import WIDTH
from services.deal_stream.bootstrap import catalogue
from services.gateway.routes.catalogue import shown

PAGE = Path("docs") / "reference" / "catalogue.md"
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("catalogue", short_help="List rules and triggers, and show how each is filled in.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """List rules and triggers, and show how each is filled in."""


@COMMAND.command("list")
@click.option("--kind", type=click.Choice(["rule", "trigger", "action"]))
@click.option("--item-type", help="Only what may be used on items of the type.")
@_as_json
def listed(kind: Kind | None, item_type: str | None, as_json: bool) -> None:
    """List the entries by group."""
    found = [entry for entry in catalogue().values() if entry.serves(kind, item_type or "")]
    found.sort(key=lambda e: (e.kind, e.group, e.id))
    if as_json:
        click.echo(json.dumps([shown(entry) for entry in found]))
        return
    width = max((len(entry.id) for entry in found), default=0)
    for (sort, group), entries in groupby(found, key=lambda e: (e.kind, e.group)):
        click.echo(f"{sort} {group}")
        for entry in entries:
            line = f"  {entry.id:<{width}}  {entry.title} ({suits(entry)})"
            click.echo(textwrap.fill(line, WIDTH, subsequent_indent=" " * (width + 4)))


@COMMAND.command()
@click.argument("entry_id")
@_as_json
def show(entry_id: str, as_json: bool) -> None:
    """Show one entry: parameters, results, reasons, an example."""
    entry = _one(entry_id)
    click.echo(json.dumps(shown(entry)) if as_json else section(entry).rstrip())


@COMMAND.command()
@click.option("--write", is_flag=True, help=f"Write {PAGE} instead of printing it.")
@click.option("--json", "_as_json", is_flag=True, help="The page is Markdown with or without this.")
def docs(write: bool, _as_json: bool) -> None:
    """Print the reference page of the catalogue."""
    text = page(catalogue())
    if write:
        PAGE.write_text(text, "utf-8")
        click.echo(f"{PAGE}: {len(catalogue())} entries")
    else:
        click.echo(text, nl=False)


def _one(entry_id: str) -> Entry:
    found = catalogue().get(entry_id)
    if found is None:
        raise click.ClickException(f"the catalogue has no {entry_id!r}; `stagewire catalogue list` shows all")
    return found
