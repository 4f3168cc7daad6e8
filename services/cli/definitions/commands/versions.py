"""`stagewire definitions versions`: every version of a rule or trigger, with who saved it."""

from __future__ import annotations

import json

import click

from automation.definitions.tenant_view import SavedVersion
from automation.definitions.validation import DefinitionId
from services.cli.definitions.saving import Name
from services.cli.definitions.store import open_store
from services.cli.edge import json_option, moment_text, run, shown, tenant_option, topics
from services.edge.kafka import KafkaSettings


@click.command("versions")
@click.argument("name", type=Name())
@tenant_option()
@json_option()
def COMMAND(name: DefinitionId, tenant: str, as_json: bool) -> None:  # noqa: N802
    """List the versions of a rule, trigger or template, newest first; `*` stands at the one in force."""
    found, in_force = run(_versions(tenant, name))
    if as_json:
        click.echo(json.dumps([_facts(one, in_force) for one in found]))
        return
    for one in found:
        mark = "*" if one.version == in_force else " "
        status = getattr(one.made, "status", "deleted")
        click.echo(f"{mark} {one.version:>4}  {status:<9} {moment_text(one.saved_at)}  {shown(one.author) or '-'}")


def _facts(one: SavedVersion, in_force: int) -> dict[str, object]:
    body = one.made.model_dump(mode="json") if one.made else None
    return {**one._asdict(), "made": body, "in_force": one.version == in_force}


async def _versions(tenant: str, name: DefinitionId) -> tuple[list[SavedVersion], int]:
    async with open_store(KafkaSettings(), topics()) as store:
        view = store.view(tenant)
        found = view.saved.get(name)
        if not found:
            raise LookupError(f"there is no {name[0]} {name[1]!r}")
        return found[::-1], view.version_in_force(*name)
