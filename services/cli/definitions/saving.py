"""What the commands that save definitions share: the plan of an apply, its faults, and the report."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from automation.definitions.models import MODELS, Definition, Runnable
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import DefinitionId, Flaw, check
from services.cli.definitions.files import Fault, Files
from services.cli.definitions.plan import Step, records, step, steps
from services.cli.definitions.store import DefinitionStore, SavingError, open_store
from services.cli.edge import remember_definitions, run, topics
from services.edge.clock import SystemClock
from services.edge.holidays import with_holidays
from services.edge.kafka import KafkaSettings

paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
prune_option = click.option("--prune", is_flag=True, help="Delete what is in force and in none of the files.")
author_option = click.option("--author", default="", help="Who saves; shown beside each version.")
OPERATED = ("stop",)
"""Kinds that are switched in operation: files neither hold nor prune them."""
_RUNNABLE = tuple(kind for kind, model in MODELS.items() if issubclass(model, Runnable))
_PAST = {"add": "added", "change": "changed", "delete": "deleted"}


class Name(click.ParamType):
    """A definition that runs: `rule/<id>`, `trigger/<id>` or `template/<id>`."""

    name = "rule/id|trigger/id|template/id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> DefinitionId:
        """Read the name."""
        if isinstance(value, tuple):
            return value
        kind, slash, name = str(value).partition("/")
        if kind not in _RUNNABLE or not slash or not name:
            self.fail(f"{value!r} is none of {', '.join(f'{one}/<id>' for one in _RUNNABLE)}", param, ctx)
        return kind, name


def plan(store: DefinitionStore, files: Files, tenant: str, prune: bool, as_json: bool) -> list[Step]:
    """Return what files change; ends the command where something is wrong with them."""
    view = store.view(tenant)
    wanted: dict[DefinitionId, Definition | None] = dict(files.definitions)
    if prune:
        wanted |= dict.fromkeys(name for name in view.current if name not in wanted and name[0] not in OPERATED)
    filled = with_holidays(wanted, SystemClock().now())
    checked = check(view.catalogue, tenant, view.current, filled, view.drafts)
    stop_on(files.faults + files.faults_of(checked), as_json)
    return steps(view, checked.definitions)


def change(tenant: str, author: str, as_json: bool, make: Callable[[TenantView], Mapping[DefinitionId, Any]]) -> None:
    """Save what `make` returns for the definitions in force, checked as files are, and report it.

    `LookupError` and `ValueError` of `make` are told to the person at the terminal.
    """
    planned, version = run(_change(tenant, author, as_json, make))
    report(planned, version, as_json)


async def _change(
    tenant: str, author: str, as_json: bool, make: Callable[[TenantView], Mapping[DefinitionId, Any]]
) -> tuple[list[Step], int]:
    async with open_store(KafkaSettings(), topics(), writing=True) as store:
        view = store.view(tenant)
        try:
            wanted = make(view)
        except (LookupError, ValueError) as problem:
            raise click.ClickException(str(problem.args[0] if problem.args else problem)) from problem
        checked = check(view.catalogue, tenant, view.current, wanted, view.drafts)
        stop_on([in_force(flaw) for flaw in checked.flaws], as_json)
        made = [step(view, name, new) for name, new in checked.definitions.items()]
        planned = [one for one in made if one.new != one.old or (one.kind, one.id) in view.drafts]
        return planned, await save(store, tenant, planned, author)


async def save(store: DefinitionStore, tenant: str, planned: Sequence[Step], author: str) -> int:
    """Write the records of one apply and return the version that is in force then."""
    if planned:
        saved = records(tenant, planned, author, SystemClock().now(), uuid.uuid4().hex)
        try:
            await store.save(saved)
        except SavingError as problem:
            raise click.ClickException(str(problem)) from problem
    remember_definitions(topics().prefix, store.version)
    return store.version


def in_force(flaw: Flaw) -> Fault:
    """Return a flaw of what no file holds."""
    return Fault("(in force)", 0, flaw)


def stop_on(faults: Sequence[Fault], as_json: bool) -> None:
    """Print all faults; end the command if there is an error among them."""
    wrong = any(fault.flaw.severity == "error" for fault in faults)
    if as_json and wrong:
        click.echo(json.dumps({"faults": told(faults)}))
    for fault in () if as_json else faults:
        click.echo(fault.text, err=True)
    if wrong:
        _end()


def _end() -> NoReturn:
    raise SystemExit(1)


def told(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Return faults as plain data."""
    return [{"file": fault.file, "line": fault.line, **fault.flaw._asdict()} for fault in faults]


def names(planned: Sequence[Step]) -> dict[str, list[str]]:
    """Return the names of what is added, changed and deleted."""
    return {_PAST[a]: [f"{s.kind}/{s.id}" for s in planned if s.action == a] for a in _PAST}


def report(planned: Sequence[Step], version: int, as_json: bool) -> None:
    """Tell what was saved."""
    if as_json:
        click.echo(json.dumps({"version": version, **names(planned)}))
        return
    for one in planned:
        status = getattr(one.new, "status", "active")
        click.echo(f"{_PAST[one.action]:>8}  {one.kind}/{one.id}" + (f" ({status})" if status != "active" else ""))
    what = f"{len(planned)} saved" if planned else "nothing to do"
    click.echo(f"{what}: definitions version {version}")
