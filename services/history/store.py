"""The index in SQL: events in the `eventsourcing` library's own table, rows beside it, one transaction a batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

import orjson

from services.edge.sql import Database, Transaction
from services.history import process_index, schema
from services.history.current import current_rows
from services.history.heads import ReadHead, log_heads
from services.history.marks import folded, marked
from services.history.placing import Placed, place, spots_to_compare
from services.history.process_index import IncidentRow, ProcessRow, ProcessTotal, SoughtIncidents, SoughtProcesses
from services.history.recorders import recorder_of
from services.history.records import Anomaly, Current, Log, LogRecord, Sought, StageTotal, StoredRow, Written

_LIKE = re.compile("[!%_]")

_SCANNED = 5_000
"""Rows read at once."""


class HistoryReader(Protocol):
    """What the queries need. Methods block: call them in a thread."""

    def events(
        self, stream: str, *, after: int = 0, upto: int | None = None, newest_first: bool = False, limit: int
    ) -> Sequence[StoredRow]:
        """Return events with `after < version <= upto`, in order of their versions."""
        ...

    def current(self, stream: str) -> Current | None:
        """Return the current row of a stream."""
        ...

    def items(
        self, tenant: str, item_type: str, pipeline: str, stage: str, before: tuple[int, str] | None, limit: int
    ) -> Sequence[Current]:
        """Return current items, last changed first; empty pipeline or stage means any. Deleted ones are left out."""
        ...

    def records(
        self, tenant: str, item_type: str, sought: Sought, before: tuple[int, str] | None, limit: int
    ) -> Sequence[Current]:
        """Return records of a type, last changed first."""
        ...

    def processes(
        self, tenant: str, sought: SoughtProcesses, before: tuple[int, str] | None, limit: int
    ) -> Sequence[tuple[ProcessRow, int]]:
        """Return instances of templates, started last first, each with the number of its open incidents."""
        ...

    def incidents(
        self, tenant: str, sought: SoughtIncidents, before: tuple[int, str] | None, limit: int
    ) -> Sequence[IncidentRow]:
        """Return open incidents, raised last first."""
        ...

    def process_totals(self, tenant: str) -> Sequence[ProcessTotal]:
        """Return how many instances of each template have not ended."""
        ...

    def scan(self, tenant: str, item_type: str, holding: str = "") -> Iterator[Current]:
        """Yield the current items of a type, in no order that means anything. Deleted ones are left out.

        With `holding` some are left out of which no field is this text, nor holds it as one of several.
        """
        ...

    def stage_totals(self, tenant: str, item_type: str) -> Sequence[StageTotal]:
        """Return items and amounts of each stage."""
        ...

    def anomalies(self, tenant: str, limit: int) -> Sequence[Anomaly]:
        """Return what was wrong with a tenant's streams, newest first."""
        ...

    def close(self) -> None:
        """Close the database."""
        ...


class HistoryWriter(Protocol):
    """What the consumer needs. Methods block: call them in a thread."""

    def position(self, context: str) -> int | None:
        """Return the offset to read next of `<topic>-<partition>`, or `None` before its first."""
        ...

    def write(self, records: Sequence[LogRecord], positions: Mapping[str, int]) -> Written:
        """Index a batch and its positions in one transaction.

        Raises `PositionRefusedError` where another owner of a partition has got as far already.
        """
        ...

    def count_anomalies(self) -> int:
        """Return the number of anomalies ever seen."""
        ...


class SqlHistory:
    """Both faces on one database, SQLite or PostgreSQL."""

    def __init__(
        self, database: Database, *, create: bool = True, heads: Callable[[], Mapping[Log, ReadHead]] = log_heads
    ) -> None:
        self._database = database
        self._heads = heads
        self._recorder = recorder_of(database)
        if create:
            self._recorder.create_table()
            database.create(schema.CREATE)

    # --- writing -------------------------------------------------------------------------------------------------

    def position(self, context: str) -> int | None:
        """See `HistoryWriter`."""
        return self._database.position(context)

    def write(self, records: Sequence[LogRecord], positions: Mapping[str, int]) -> Written:
        """See `HistoryWriter`."""
        with self._database.transaction() as transaction:
            # First, because it locks: who comes second must see what the first one wrote.
            for context, position in sorted(positions.items()):
                transaction.advance(context, position)
            rows = self._rows(transaction, {r.stream_id for r in records})
            placed = self._place(transaction, records, rows)
            self._insert(transaction, placed.added)
            changed = [*current_rows(rows, placed.added), *self._folded_anew(transaction, placed)]
            self._mark(transaction, placed.added)
            self._upsert(transaction, {row.stream_id: row for row in changed}.values())
            if placed.anomalies:
                transaction.run_many(schema.ADD_ANOMALY, [found._asdict() for found in placed.anomalies])
        return Written(len(placed.added), placed.repeated, tuple(placed.anomalies))

    def count_anomalies(self) -> int:
        """See `HistoryWriter`."""
        return int(self._database.read(schema.COUNT_ANOMALIES, {})[0]["n"])

    def _rows(self, transaction: Transaction, streams: Iterable[str]) -> dict[str, Current]:
        ids: Any = sorted(streams)
        if self._database.dialect == "sqlite":
            ids = orjson.dumps(ids).decode()
            # As tuples: a mapping for each row would be made for nothing.
            found = transaction.cursor
            found.execute(schema.CURRENT_AMONG["sqlite"], {"ids": ids})
            return {row[0]: Current._make(row) for row in found.fetchall()}
        rows = transaction.all(schema.CURRENT_AMONG["postgresql"], {"ids": ids})
        return {row["stream_id"]: Current._make(row.values()) for row in rows}

    def _place(self, transaction: Transaction, records: Sequence[LogRecord], rows: Mapping[str, Current]) -> Placed:
        heads = {stream: row.version for stream, row in rows.items()}
        stored: dict[tuple[str, int], bytes] = {}
        for stream, version in spots_to_compare(records, heads):
            for row in transaction.all(schema.EVENT_AT, {"stream": stream, "version": version}):
                stored[stream, version] = bytes(row["state"])
        return place(records, heads, stored)

    def _folded_anew(self, transaction: Transaction, placed: Placed) -> list[Current]:
        """Return the rows of streams in which a gap was filled, from all their events."""
        heads, rows = self._heads() if placed.late else {}, []
        for stream in sorted(placed.late):
            found = list(self._all(transaction, stream, heads))
            rows += current_rows({}, found)
            for statement in schema.FORGET:
                transaction.run(statement, {"stream": stream})
            self._mark(transaction, found)
        return rows

    def _mark(self, transaction: Transaction, added: Sequence[LogRecord]) -> None:
        found = marked(added)
        for statement, rows in (
            (schema.REMOVE_MARK, found.removed),
            (schema.ADD_MARK, found.added),
            (schema.ADD_TEXT, found.texts),
        ):
            if rows:
                transaction.run_many(statement, [row._asdict() for row in rows])
        for change, params in process_index.steps_of(added):
            transaction.run_many(change, params)

    def _all(self, transaction: Transaction, stream: str, heads: Mapping[Log, ReadHead]) -> Iterator[LogRecord]:
        log = cast("Log", stream.split("/", 1)[0])
        for row in transaction.all(schema.ALL_EVENTS, {"stream": stream}):
            value = bytes(row["state"])
            kind, _, version, recorded_at, event = heads[log](value)
            yield LogRecord(log, stream, version, kind, recorded_at, event, value, "", 0)

    def _insert(self, transaction: Transaction, added: Sequence[LogRecord]) -> None:
        # In order of their keys: neighbours in the index are written together.
        if added:
            rows = sorted((r.stream_id, r.version, r.kind, r.value) for r in added)
            self._recorder.insert(transaction.cursor, rows)

    def _upsert(self, transaction: Transaction, rows: Collection[Current]) -> None:
        if self._database.dialect == "sqlite":
            transaction.cursor.executemany(schema.UPSERT["sqlite"], sorted(rows))
        elif rows:
            given = orjson.dumps([row._asdict() for row in sorted(rows)]).decode()
            transaction.run(schema.UPSERT["postgresql"], {"rows": given})

    # --- reading -------------------------------------------------------------------------------------------------

    def events(
        self, stream: str, *, after: int = 0, upto: int | None = None, newest_first: bool = False, limit: int
    ) -> Sequence[StoredRow]:
        """See `HistoryReader`."""
        found = self._recorder.select_events(stream, gt=after, lte=upto, desc=newest_first, limit=limit)
        return [StoredRow(event.originator_version, event.topic, event.state) for event in found]

    def current(self, stream: str) -> Current | None:
        """See `HistoryReader`."""
        found = self._database.read(schema.CURRENT_ONE, {"stream": stream})
        return _current(found[0]) if found else None

    def items(
        self, tenant: str, item_type: str, pipeline: str, stage: str, before: tuple[int, str] | None, limit: int
    ) -> Sequence[Current]:
        """See `HistoryReader`."""
        moment, last = before or (1 << 62, "")
        found = self._database.read(
            schema.ITEMS,
            {
                "tenant": tenant,
                "item_type": item_type,
                "pipeline": pipeline,
                "stage": stage,
                "before": moment,
                "before_id": last,
                "limit": limit,
            },
        )
        return [_current(row) for row in found]

    def records(
        self, tenant: str, item_type: str, sought: Sought, before: tuple[int, str] | None, limit: int
    ) -> Sequence[Current]:
        """See `HistoryReader`."""
        moment, last = before or (1 << 62, "")
        pattern = "%" + _LIKE.sub(r"!\g<0>", folded(sought.text)) + "%"
        params = {
            "tenant": tenant, "item_type": item_type, "status": sought.status, "owner": sought.owner, "before": moment,
            "before_id": last, "limit": limit, **schema.mark_parameters(sought.marks),
        }  # fmt: skip
        if sought.text:
            params["text"] = pattern
        statement = schema.records_found_by(len(sought.marks), text=bool(sought.text))
        return [_current(row) for row in self._database.read(statement, params)]

    def scan(self, tenant: str, item_type: str, holding: str = "") -> Iterator[Current]:
        """See `HistoryReader`."""
        written = "%" + _LIKE.sub(r"!\g<0>", orjson.dumps(holding).decode()) + "%" if holding else ""
        place = {"tenant": tenant, "item_type": item_type, "limit": _SCANNED, "holding": written}
        found = self._database.read(schema.SCAN, {**place, "after": ""})
        while found:
            yield from map(_current, found)
            found = self._database.read(schema.SCAN, {**place, "after": found[-1]["stream_id"]})

    def stage_totals(self, tenant: str, item_type: str) -> Sequence[StageTotal]:
        """See `HistoryReader`."""
        found = self._database.read(schema.STAGE_TOTALS, {"tenant": tenant, "item_type": item_type})
        return [StageTotal(**{**row, "amount_minor": int(row["amount_minor"])}) for row in found]

    def processes(
        self, tenant: str, sought: SoughtProcesses, before: tuple[int, str] | None, limit: int
    ) -> Sequence[tuple[ProcessRow, int]]:
        """See `HistoryReader`."""
        given = {name: value for name, value in sought._asdict().items() if value}
        rows = self._database.read(process_index.processes_by(sought), {**_place(tenant, before, limit), **given})
        return [(ProcessRow(*(row[name] for name in ProcessRow._fields)), int(row["incidents"])) for row in rows]

    def incidents(
        self, tenant: str, sought: SoughtIncidents, before: tuple[int, str] | None, limit: int
    ) -> Sequence[IncidentRow]:
        """See `HistoryReader`."""
        given = {name: value for name, value in sought._asdict().items() if value}
        rows = self._database.read(process_index.incidents_by(sought), {**_place(tenant, before, limit), **given})
        return [IncidentRow(**row) for row in rows]

    def process_totals(self, tenant: str) -> Sequence[ProcessTotal]:
        """See `HistoryReader`."""
        rows = self._database.read(process_index.TOTALS, {"tenant": tenant})
        return [ProcessTotal(row["template_id"], *(int(row[n]) for n in ProcessTotal._fields[1:])) for row in rows]

    def anomalies(self, tenant: str, limit: int) -> Sequence[Anomaly]:
        """See `HistoryReader`."""
        return [Anomaly(**row) for row in self._database.read(schema.ANOMALIES, {"tenant": tenant, "limit": limit})]

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _current(row: Mapping[str, Any]) -> Current:
    return Current(**{**row, "deleted": bool(row["deleted"])})


def _place(tenant: str, before: tuple[int, str] | None, limit: int) -> dict[str, Any]:
    moment, last = before or (1 << 62, "")
    return {"tenant": tenant, "before": moment, "before_id": last, "limit": limit}
