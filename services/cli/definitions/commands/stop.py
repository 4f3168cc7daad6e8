"""`stagewire definitions stop`: the kill switch for a rule, a trigger, a tenant or everybody."""

from __future__ import annotations

import click

from automation.definitions.models import Stop
from automation.definitions.tenant_view import ALL_AUTOMATION, EVERYWHERE
from automation.definitions.validation import DefinitionId
from services.cli.definitions.saving import Name, author_option, change
from services.cli.edge import json_option, tenant_option


@click.command("stop")
@click.argument("name", required=False, type=Name())
@click.option("--all", "whole", is_flag=True, help="Stop all rules and triggers of the tenant.")
@click.option("--everywhere", is_flag=True, help="Stop all rules and triggers of every tenant.")
@click.option("--reason", default="", help="Why; shown by `stagewire status`.")
@tenant_option()
@author_option
@json_option()
def COMMAND(  # noqa: N802
    name: DefinitionId | None, whole: bool, everywhere: bool, reason: str, tenant: str, author: str, as_json: bool
) -> None:
    """Stop automation from the next decision on: runs that have begun finish, others are `cancelled(rule_inactive)`.

    Lift it with `stagewire definitions resume`. Applying files does not lift it.
    """
    made = Stop(id=target(name, whole, everywhere), reason=reason)
    change(EVERYWHERE if everywhere else tenant, author, as_json, lambda view: _stop(name, made, view.current))


def _stop(name: DefinitionId | None, made: Stop, current: object) -> dict[DefinitionId, Stop]:
    if name is not None and isinstance(current, dict) and name not in current:
        raise LookupError(f"there is no {name[0]} {name[1]!r} in force")
    return {("stop", made.id): made}


def target(name: DefinitionId | None, whole: bool, everywhere: bool) -> str:
    """Return the id of the kill switch that the arguments mean; raises `UsageError` unless they mean just one."""
    if sum((name is not None, whole, everywhere)) != 1:
        raise click.UsageError("give one of rule/<id>, trigger/<id>, template/<id>, --all and --everywhere")
    return ALL_AUTOMATION if name is None else f"{name[0]}:{name[1]}"
