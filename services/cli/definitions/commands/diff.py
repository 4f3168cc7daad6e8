"""`stagewire definitions diff`: what an apply would change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from services.cli.definitions.files import Files, read_files
from services.cli.definitions.plan import Step, diff
from services.cli.definitions.saving import names, paths_argument, plan, prune_option
from services.cli.definitions.store import open_store
from services.cli.edge import json_option, run, tenant_option, topics
from services.edge.kafka import KafkaSettings


@click.command("diff")
@paths_argument
@tenant_option()
@prune_option
@json_option()
@click.pass_context
def COMMAND(  # noqa: N802
    context: click.Context, /, paths: Sequence[Path], tenant: str, prune: bool, as_json: bool
) -> None:
    """Show what `apply` would change; exit code 1 if there is anything."""
    planned = run(_planned(read_files(paths), tenant, prune, as_json))
    if as_json:
        click.echo(json.dumps(names(planned)))
    for step in () if as_json else planned:
        click.echo("\n".join(diff(step)))
    if not planned and not as_json:
        click.echo("no difference")
    context.exit(1 if planned else 0)


async def _planned(files: Files, tenant: str, prune: bool, as_json: bool) -> list[Step]:
    async with open_store(KafkaSettings(), topics()) as store:
        return plan(store, files, tenant, prune, as_json)
