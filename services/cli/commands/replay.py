"""`stagewire replay`: fold the logs again and see whether everything agrees with them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.cli.edge import cut, json_option, run, shown, topics, wait_for_topic
from services.cli.replay.comparing import Compared, stores_of, with_history, with_store
from services.cli.replay.folding import Difference, Folded, Kind, fold, kinds
from services.cli.stack import marks
from services.edge.broker import home_dir
from services.edge.codec import UnknownEventError
from services.edge.kafka import KafkaSettings
from services.edge.processor import ProcessorSettings
from services.edge.processor.clients import KafkaClients
from services.history.opening import open_history_reader
from services.history.settings import HistorySettings
from services.history.store import SqlHistory

_MOST_SHOWN = 20


@dataclass(slots=True)
class _Figures:
    """What was folded and compared in one log."""

    items: int = 0
    events: int = 0
    in_history: int = 0
    behind: int = 0
    in_stores: int = 0
    stores_elsewhere: int = 0
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, compared: Compared) -> None:
        """Take over differences and what was not there yet."""
        self.behind += compared.behind
        self.differences += compared.differences

    def facts(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        rate = round(self.events / self.seconds) if self.seconds else 0
        return {
            "items": self.items, "events": self.events, "events_per_second": rate,
            "compared_with_history": self.in_history, "history_behind": self.behind,
            "compared_byte_for_byte": self.in_stores, "stores_at_another_position": self.stores_elsewhere,
            "differences": len(self.differences),
        }  # fmt: skip


@click.group("replay")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Read the logs from their beginning."""


@COMMAND.command()
@click.option("--tenant", envvar="STAGEWIRE_TENANT", default="", help="Compare the items of this tenant alone.")
@click.option("--store", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with the local stores of stopped services; default: STAGEWIRE_HOME.")  # fmt: skip
@json_option()
@click.pass_context
def verify(context: click.Context, tenant: str, store: Path | None, as_json: bool) -> None:
    """Fold both logs from offset 0 and compare with the index and the local stores.

    Local stores are compared byte for byte, once their service is stopped (`stagewire down --keep-broker`).
    Exit code 1: something differs.
    """
    found = run(_verify(tenant, store))
    if as_json:
        shown_ = {name: {**f.facts(), "examples": [d._asdict() for d in f.differences[:_MOST_SHOWN]]}
                  for name, f in found.items()}  # fmt: skip
        click.echo(json.dumps(shown_))
    for name, figures in () if as_json else found.items():
        _print(name, figures)
    context.exit(1 if any(figures.differences for figures in found.values()) else 0)


async def _verify(tenant: str, store: Path | None) -> dict[str, _Figures]:
    named, history = topics(), _history()
    reader = KafkaClients("replay", ProcessorSettings(), KafkaSettings()).reader()
    await reader.start()
    try:
        return {
            kind.topic: await _verify_log(reader, kind, history, store or (None if _runs(kind) else home_dir()), tenant)
            for kind in kinds(named)
        }
    except UnknownEventError as problem:
        raise click.ClickException(f"the log holds an event of a newer release: {problem}") from problem
    finally:
        await reader.stop()
        if history is not None:
            history.close()


def _history() -> SqlHistory | None:
    try:
        return open_history_reader(HistorySettings().database_url.get_secret_value())
    except FileNotFoundError:
        return None


def _runs(kind: Kind) -> bool:
    running = [mark for mark in marks.every(home_dir()) if marks.process_of(mark) is not None]
    return any(mark.name.startswith(kind.service) for mark in running)


async def _verify_log(
    reader: AIOKafkaConsumer, kind: Kind, history: SqlHistory | None, stores: Path | None, tenant: str
) -> _Figures:
    await wait_for_topic(reader, kind.topic)
    parts = [TopicPartition(kind.topic, number) for number in sorted(reader.partitions_for_topic(kind.topic) or ())]
    figures = _Figures()
    for part in parts:  # one after the other: only one partition's states are in memory
        began = time.monotonic()
        folded = await fold(reader, kind, part, len(parts))
        figures.seconds += time.monotonic() - began
        figures.items += len(folded.states)
        figures.events += folded.events
        figures.differences += folded.faults
        _compare(figures, kind, folded, history, tenant)
        _compare_stores(figures, kind, folded, stores_of(stores, kind, part.partition) if stores else (), tenant)
    return figures


def _compare(figures: _Figures, kind: Kind, folded: Folded, history: SqlHistory | None, tenant: str) -> None:
    if history is not None:
        compared = with_history(kind, folded, history, tenant)
        figures.in_history += compared.compared
        figures.add(compared)


def _compare_stores(figures: _Figures, kind: Kind, folded: Folded, stores: Sequence[Path], tenant: str) -> None:
    for path in stores:
        compared = with_store(kind, folded, path, tenant)
        if compared is None:
            figures.stores_elsewhere += 1
        else:
            figures.in_stores += compared.compared
            figures.add(compared)


def _print(name: str, figures: _Figures) -> None:
    click.echo(name)
    for what, value in figures.facts().items():
        click.echo(f"  {what.replace('_', ' '):<30} {value:>12,}")
    for difference in figures.differences[:_MOST_SHOWN]:
        click.echo(cut(shown(f"  {difference.where}: {difference.key}: {difference.detail}")))
