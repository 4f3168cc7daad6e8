"""`stagewire definitions`: pipelines, fields, rules, triggers and people, as files."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from automation.definitions.models import Definition
from automation.definitions.validation import DefinitionId, check
from services.cli.definitions.files import Fault, Files, read_files
from services.cli.definitions.plan import Step, as_yaml, diff, records, steps
from services.cli.definitions.store import ConflictError, DefinitionStore, open_store
from services.cli.edge import json_option, remember_definitions, run, tenant_option, topics
from services.deal_stream.bootstrap import catalogue
from services.edge.clock import SystemClock
from services.edge.holidays import with_holidays
from services.edge.kafka import KafkaSettings

_paths = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
_prune = click.option("--prune", is_flag=True, help="Delete what is in force and in none of the files.")
_PAST = {"add": "added", "change": "changed", "delete": "deleted"}


@click.group("definitions", short_help="Check, compare, apply and export definitions.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Check, compare, apply and export definitions (YAML or JSON; `kind:` beside the body)."""


@COMMAND.command()
@_paths
@tenant_option()
@json_option()
def validate(paths: Sequence[Path], tenant: str, as_json: bool) -> None:
    """Check files by themselves, as the whole of a company's definitions; needs no Kafka."""
    files = read_files(paths)
    faults = files.faults + files.faults_of(check(catalogue(), tenant, {}, files.definitions))
    _stop_on(faults, as_json)
    facts = {"definitions": len(files.definitions), "warnings": _told(faults)}
    click.echo(json.dumps(facts) if as_json else f"{len(files.definitions)} definitions are in order")


@COMMAND.command()
@_paths
@tenant_option()
@_prune
@click.option("--author", default="", help="Who saves; shown beside each version.")
@json_option()
def apply(paths: Sequence[Path], tenant: str, prune: bool, author: str, as_json: bool) -> None:
    """Save what differs from what is in force: all of it together, or nothing."""
    files = read_files(paths)
    planned, version = run(_apply(files, tenant, prune, author, as_json))
    _report(planned, version, as_json)


@COMMAND.command("diff")
@_paths
@tenant_option()
@_prune
@json_option()
@click.pass_context
def diff_(context: click.Context, paths: Sequence[Path], tenant: str, prune: bool, as_json: bool) -> None:
    """Show what `apply` would change; exit code 1 if there is anything."""
    files = read_files(paths)
    planned = run(_planned(files, tenant, prune, as_json))
    if as_json:
        click.echo(json.dumps({_PAST[a]: [f"{s.kind}/{s.id}" for s in planned if s.action == a] for a in _PAST}))
    for step in () if as_json else planned:
        click.echo("\n".join(diff(step)))
    if not planned and not as_json:
        click.echo("no difference")
    context.exit(1 if planned else 0)


@COMMAND.command()
@tenant_option()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for one file per kind.")
@json_option("Print one JSON object with a list per kind.")
def export(tenant: str, out: Path | None, as_json: bool) -> None:
    """Write the definitions in force as files that `apply` takes."""
    found = run(_current(tenant))
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


async def _current(tenant: str) -> dict[DefinitionId, Definition]:
    async with open_store(KafkaSettings(), topics()) as store:
        return dict(store.view(tenant).current)


async def _planned(files: Files, tenant: str, prune: bool, as_json: bool) -> list[Step]:
    async with open_store(KafkaSettings(), topics()) as store:
        return _plan(store, files, tenant, prune, as_json)


async def _apply(files: Files, tenant: str, prune: bool, author: str, as_json: bool) -> tuple[list[Step], int]:
    named = topics()
    async with open_store(KafkaSettings(), named, writing=True) as store:
        planned = _plan(store, files, tenant, prune, as_json)
        if planned:
            saved = records(tenant, planned, author, SystemClock().now(), uuid.uuid4().hex)
            try:
                await store.save(saved)
            except ConflictError as problem:
                raise click.ClickException(str(problem)) from problem
        remember_definitions(named.prefix, store.version)
        return planned, store.version


def _plan(store: DefinitionStore, files: Files, tenant: str, prune: bool, as_json: bool) -> list[Step]:
    view = store.view(tenant)
    wanted: dict[DefinitionId, Definition | None] = dict(files.definitions)
    if prune:
        wanted |= dict.fromkeys(view.current.keys() - wanted.keys())
    checked = check(view.catalogue, tenant, view.current, with_holidays(wanted, SystemClock().now()))
    _stop_on(files.faults + files.faults_of(checked), as_json)
    return steps(view.current, view.versions, checked.definitions)


def _stop_on(faults: Sequence[Fault], as_json: bool) -> None:
    """Print all faults; end the command if there is an error among them."""
    wrong = any(fault.flaw.severity == "error" for fault in faults)
    if as_json and wrong:
        click.echo(json.dumps({"faults": _told(faults)}))
    for fault in () if as_json else faults:
        click.echo(fault.text, err=True)
    if wrong:
        raise SystemExit(1)


def _told(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    return [{"file": fault.file, "line": fault.line, **fault.flaw._asdict()} for fault in faults]


def _report(planned: Sequence[Step], version: int, as_json: bool) -> None:
    if as_json:
        named = {_PAST[a]: [f"{s.kind}/{s.id}" for s in planned if s.action == a] for a in _PAST}
        click.echo(json.dumps({"version": version, **named}))
        return
    for step in planned:
        click.echo(f"{_PAST[step.action]:>8}  {step.kind}/{step.id}")
    what = f"{len(planned)} saved" if planned else "nothing to do"
    click.echo(f"{what}: definitions version {version}")
