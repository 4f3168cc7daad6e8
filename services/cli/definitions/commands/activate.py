"""`stagewire definitions activate`: make a draft, or an earlier version, the one in force."""

from __future__ import annotations

from collections.abc import Sequence

import click

from automation.definitions.lifecycle import with_status
from automation.definitions.validation import DefinitionId
from services.cli.definitions.saving import Name, author_option, change
from services.cli.edge import json_option, tenant_option


@click.command("activate")
@click.argument("names", nargs=-1, required=True, type=Name())
@click.option("--version", type=click.IntRange(1), default=None, help="Go back to this version instead of the draft.")
@tenant_option()
@author_option
@json_option()
def COMMAND(  # noqa: N802
    names: Sequence[DefinitionId], version: int | None, tenant: str, author: str, as_json: bool
) -> None:
    """Put rules, triggers and templates into force: their drafts, or what was archived.

    Several are activated together or not at all. Stage entries that have begun keep their versions.
    """
    change(tenant, author, as_json, lambda view: {n: with_status(view, *n, "active", version or 0) for n in names})
