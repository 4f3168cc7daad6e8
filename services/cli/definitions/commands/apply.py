"""`stagewire definitions apply`: save files, all of them or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from services.cli.definitions.files import Files, read_files
from services.cli.definitions.plan import Step
from services.cli.definitions.saving import author_option, paths_argument, plan, prune_option, report, save
from services.cli.definitions.store import open_store
from services.cli.edge import json_option, run, tenant_option, topics
from services.edge.kafka import KafkaSettings


@click.command("apply")
@paths_argument
@tenant_option()
@prune_option
@author_option
@json_option()
def COMMAND(paths: Sequence[Path], tenant: str, prune: bool, author: str, as_json: bool) -> None:  # noqa: N802
    """Save what differs from what is in force: all of it together, or nothing."""
    planned, version = run(_apply(read_files(paths), tenant, prune, author, as_json))
    report(planned, version, as_json)


async def _apply(files: Files, tenant: str, prune: bool, author: str, as_json: bool) -> tuple[list[Step], int]:
    async with open_store(KafkaSettings(), topics(), writing=True) as store:
        planned = plan(store, files, tenant, prune, as_json)
        return planned, await save(store, tenant, planned, author)
