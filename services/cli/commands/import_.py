"""`stagewire import`: items, or the directory, from a CSV file."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from automation.definitions.validation import check
from automation.envelope import stable_id
from services.cli.definitions.plan import records, steps
from services.cli.definitions.store import DefinitionStore, SavingError, open_store
from services.cli.edge import json_option, remember_definitions, run, tenant_option, topics
from services.cli.importing.directory import Made, definitions_of
from services.cli.importing.items import Imported, Importer, Position, Watch
from services.cli.importing.mapping import Mapping, MappingError, read_mapping
from services.cli.importing.rows import Batch, RowMaker
from services.cli.importing.table import Rejected, Table, TableError, digest_of
from services.edge.broker import home_dir
from services.edge.clock import SystemClock
from services.edge.kafka import KafkaSettings, producer


class _Job(NamedTuple):
    """What the command line asks for."""

    file: Path
    mapping: Mapping
    digest: str
    tenant: str
    rules: bool
    rejected: Path
    restart: bool
    rate: int

    @property
    def position(self) -> Path:
        """Where the place in this very import is remembered."""
        name = stable_id(self.digest, self.tenant, self.mapping.model_dump_json(), self.rules)
        return home_dir() / "imports" / f"{name}.json"


@click.command("import", short_help="Import items or people from a CSV file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", "mapping_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Which column is what (docs/reference/cli.md).")  # fmt: skip
@click.option("--rules", type=click.Choice(["on", "off"]), default="off", show_default=True,
              help="Whether rules and triggers run on what is imported.")  # fmt: skip
@click.option("--rejected", type=click.Path(dir_okay=False, path_type=Path),
              help="File for rejected rows; default: FILE.rejected.csv here.")  # fmt: skip
@click.option("--rate", type=click.IntRange(0), default=0, help="Rows a second, at most; 0: as fast as Kafka takes.")
@click.option("--restart", is_flag=True, help="Begin with the first row, not where an earlier run was interrupted.")
@tenant_option()
@json_option()
def COMMAND(  # noqa: N802  # the name by which the command folder is loaded
    file: Path, mapping_file: Path, rules: Literal["on", "off"], rejected: Path | None, rate: int, restart: bool,
    tenant: str, as_json: bool,
) -> None:  # fmt: skip
    """Import the rows of FILE; a second run of the same import changes nothing."""
    try:
        mapping = read_mapping(mapping_file)
        reject_to = rejected or Path(f"{file.name}.rejected.csv")
        job = _Job(file, mapping, digest_of(file), tenant, rules == "on", reject_to, restart, rate)
        facts = run(_items(job) if mapping.item else _definitions(job))
    except (MappingError, TableError, SavingError, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo("  ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in facts.items()))
    if facts["rejected"]:
        click.echo(f"rejected rows, with reasons: {reject_to}")


async def _items(job: _Job) -> dict[str, Any]:
    kafka, named, position = KafkaSettings(), topics(), Position(job.position)
    if job.restart:
        job.position.unlink(missing_ok=True)
    with closing(Table(job.file, job.mapping.written)) as table:
        async with open_store(kafka, named) as store:
            maker = _maker(job, table, store)
        sender = producer(kafka)
        await sender.start()
        try:
            with (
                closing(Rejected(job.rejected, table.header, resume=position.read() > 0)) as rejected,
                _bar(job) as bar,
            ):
                partitions = len(await sender.partitions_for(named.changes))
                importer = Importer(sender, named.changes, partitions, maker, rejected)
                done = await importer.run(table, position, bar, job.rate)
        finally:
            await sender.stop()
    return _facts(done)


def _maker(job: _Job, table: Table, store: DefinitionStore) -> RowMaker:
    now = SystemClock().now()
    batch = Batch(job.tenant, job.digest, now, store.version, job.rules)
    return RowMaker(job.mapping, list(table.header), store.view(job.tenant), batch)


def _facts(done: Imported) -> dict[str, Any]:
    seconds = round(done.seconds, 2)
    return {
        "rows": done.rows, "changes": done.changes, "rejected": done.rejected, "skipped": done.skipped,
        "seconds": seconds, "rows_per_second": round(done.rows / seconds) if seconds else done.rows,
    }  # fmt: skip


@contextmanager
def _bar(job: _Job) -> Iterator[Watch]:
    columns = (TextColumn("{task.fields[rows]:>9,} rows"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=job.file.stat().st_size, rows=0)
        yield lambda read, rows: bar.update(task, completed=read, rows=rows)


async def _definitions(job: _Job) -> dict[str, Any]:
    with (
        closing(Table(job.file, job.mapping.written)) as table,
        closing(Rejected(job.rejected, table.header, resume=False)) as rejected,
    ):
        made = definitions_of(job.mapping, table, rejected)
    named = topics()
    async with open_store(KafkaSettings(), named, writing=True) as store:
        saved = await _save(job, made, store)
        remember_definitions(named.prefix, store.version)
        return {"definitions": len(made.definitions), "saved": saved, "rejected": rejected.count,
                "version": store.version}  # fmt: skip


async def _save(job: _Job, made: Made, store: DefinitionStore) -> int:
    view = store.view(job.tenant)
    checked = check(view.catalogue, job.tenant, view.current, made.definitions)
    lines = [f"{job.file}:{line}: {flaw.kind}/{flaw.id} {flaw.path}: {flaw.message}" for line, flaw in made.flaws]
    lines += [f"{flaw.kind}/{flaw.id} {flaw.path}: {flaw.message}" for flaw in checked.errors]
    if lines:
        raise ValueError("\n".join(lines))
    planned = steps(view, checked.definitions)
    if planned:
        await store.save(records(job.tenant, planned, "import", SystemClock().now(), uuid.uuid4().hex))
    return len(planned)
