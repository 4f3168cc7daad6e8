"""`stagewire definitions resume`: lift a kill switch."""

from __future__ import annotations

import click

from automation.definitions.tenant_view import EVERYWHERE, TenantView
from automation.definitions.validation import DefinitionId
from services.cli.definitions.commands.stop import target
from services.cli.definitions.saving import Name, author_option, change
from services.cli.edge import json_option, tenant_option


@click.command("resume")
@click.argument("name", required=False, type=Name())
@click.option("--all", "whole", is_flag=True, help="Lift the tenant's kill switch.")
@click.option("--everywhere", is_flag=True, help="Lift the kill switch of every tenant.")
@tenant_option()
@author_option
@json_option()
def COMMAND(  # noqa: N802
    name: DefinitionId | None, whole: bool, everywhere: bool, tenant: str, author: str, as_json: bool
) -> None:
    """Lift a kill switch. What was cancelled meanwhile stays cancelled; new stage entries run again."""
    switch = ("stop", target(name, whole, everywhere))
    change(EVERYWHERE if everywhere else tenant, author, as_json, lambda view: _lifted(view, switch))


def _lifted(view: TenantView, switch: DefinitionId) -> dict[DefinitionId, None]:
    if switch not in view.current:
        raise LookupError(f"the kill switch {switch[1]!r} is not on")
    return {switch: None}
