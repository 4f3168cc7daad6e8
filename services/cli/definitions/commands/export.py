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
@json_option("Print one JSON object: a list per kind, or with --out the files.")
def COMMAND(tenant: str, out: Path | None, drafts: bool, as_json: bool) -> None:  # noqa: N802
    """Write the definitions in force as files that `apply` takes."""
    found = run(_found(tenant, drafts))
    if out is not None:
        written = _write_folder(out, found)
        told = (f"{file}: {count}" for file, count in written.items())
        click.echo(json.dumps({"files": written}) if as_json else "\n".join(told))
    elif as_json:
        kinds = sorted({kind for kind, _ in found})
        click.echo(json.dumps({k: [made.model_dump(mode="json") for (of, _), made in found.items() if of == k]
                               for k in kinds}))  # fmt: skip
    else:
        click.echo("---\n".join(as_yaml(kind, made) for (kind, _), made in sorted(found.items())), nl=False)


def _write_folder(out: Path, found: Mapping[DefinitionId, Definition]) -> dict[str, int]:
    """Write one file per kind; return how many definitions are in each."""
    out.mkdir(parents=True, exist_ok=True)
    written: dict[str, int] = {}
    for kind in sorted({kind for kind, _ in found}):
        listed = [as_yaml(kind, made) for (of, _), made in sorted(found.items()) if of == kind]
        file = out / f"{kind}.yaml"
        file.write_text("---\n".join(listed), "utf-8")
        written[str(file)] = len(listed)
    return written


async def _found(tenant: str, drafts: bool) -> dict[DefinitionId, Definition]:
    async with open_store(KafkaSettings(), topics()) as store:
        view = store.view(tenant)
        found: Mapping[DefinitionId, Definition] = view.drafts if drafts else view.current
        return {name: made for name, made in found.items() if name[0] not in OPERATED}
