"""The `eventsourcing` library's recorders, taking part in a transaction that holds other rows too.

The aggregate recorders, not the application ones: order across items is the log's own, and their notification ids
would lock the whole table for every batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from eventsourcing.postgres import PostgresAggregateRecorder
from eventsourcing.sqlite import SQLiteAggregateRecorder
from psycopg.sql import SQL, Identifier

from services.edge.sql import Database
from services.history.schema import EVENTS_TABLE

EventRow: TypeAlias = tuple[str, int, str, bytes]
"""Originator id, version, name of the event's class, and its bytes: the columns of the library's table, in order."""


class SqliteEvents(SQLiteAggregateRecorder):
    """Events in SQLite, one `executemany` for a batch."""

    def insert(self, cursor: Any, rows: Sequence[EventRow]) -> None:
        """Insert events in the caller's transaction, with the library's own statement."""
        cursor.executemany(self.insert_events_statement, rows)


class PostgresEvents(PostgresAggregateRecorder):
    """Events in PostgreSQL, copied in: the library's array of composites costs 50 µs of Python for each event."""

    def insert(self, cursor: Any, rows: Sequence[EventRow]) -> None:
        """Insert events in the caller's transaction."""
        copy_in = SQL(
            "COPY {schema}.{table} (originator_id, originator_version, topic, state) FROM STDIN (FORMAT BINARY)"
        ).format(schema=Identifier(self.datastore.schema), table=Identifier(self.events_table_name))
        with cursor.copy(copy_in) as copy:
            copy.set_types(("text", "int8", "text", "bytea"))
            for row in rows:
                copy.write_row(row)


Recorder: TypeAlias = SqliteEvents | PostgresEvents


def recorder_of(database: Database) -> Recorder:
    """Return the recorder for a database; originator ids are texts that begin with log and tenant."""
    kind = SqliteEvents if database.dialect == "sqlite" else PostgresEvents
    return kind(database.datastore, events_table_name=EVENTS_TABLE)
