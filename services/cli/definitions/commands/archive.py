"""`stagewire definitions archive`: start no new runs; every version is kept."""

from __future__ import annotations

from collections.abc import Sequence

import click

from automation.definitions.lifecycle import with_status
from automation.definitions.validation import DefinitionId
from services.cli.definitions.saving import Name, author_option, change
from services.cli.edge import json_option, tenant_option


@click.command("archive")
@click.argument("names", nargs=-1, required=True, type=Name())
@tenant_option()
@author_option
@json_option()
def COMMAND(names: Sequence[DefinitionId], tenant: str, author: str, as_json: bool) -> None:  # noqa: N802
    """Take rules, triggers and templates out of force: what has begun finishes, other runs are cancelled."""
    change(tenant, author, as_json, lambda view: {name: with_status(view, *name, "archived") for name in names})
