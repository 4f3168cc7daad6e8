"""`stagewire definitions export`: write what is in force as files that `apply` takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from automation.definitions.models import Definition
from automation.definitions.validation import DefinitionId
from services.cli.definitions.plan import as_yaml
from services.cli.definitions.saving import OPERATED
from services.cli.definitions.store import open_store
from services.cli.edge import json_option, run, tenant_option, topics
from services.edge.kafka import KafkaSettings


@click.command("export")
@tenant_option()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for one file per kind.")
@click.option("--drafts", is_flag=True, help="Write the drafts instead of what is in force.")
@json_option("Print one JSON object with a list per kind.")
def COMMAND(tenant: str, out: Path | None, drafts: bool, as_json: bool) -> None:  # noqa: N802
    """Write the definitions in force as files that `apply` takes."""
    found = run(_found(tenant, drafts))
    if as_json:
        kinds = sorted({kind for kind, _ in found})
        click.echo(json.dumps({k: [made.model_dump(mode="json") for (of, _), made in found.items() if of == k]
                               for k in kinds}))  # fmt: skip
    elif out is None:
        click.echo("---\n".join(as_yaml(kind, made) for (kind, _), made in sorted(found.items())), nl=False)
    else:
        _write_folder(out, found)


def _write_folder(out: Path, found: Mapping[DefinitionId, Definition]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for kind in sorted({kind for kind, _ in found}):
        listed = [as_yaml(kind, made) for (of, _), made in sorted(found.items()) if of == kind]
        (out / f"{kind}.yaml").write_text("---\n".join(listed), "utf-8")
        click.echo(f"{out / f'{kind}.yaml'}: {len(listed)}")


async def _found(tenant: str, drafts: bool) -> dict[DefinitionId, Definition]:
    async with open_store(KafkaSettings(), topics()) as store:
        view = store.view(tenant)
        found: Mapping[DefinitionId, Definition] = view.drafts if drafts else view.current
        return {name: made for name, made in found.items() if name[0] not in OPERATED}
