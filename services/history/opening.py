"""Opening the index: for the one service that writes it, or read-only for those who ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteDatastore

from services.edge.sql import Database, open_database
from services.history.store import SqlHistory

_SQLITE = "sqlite:///"
_PRAGMAS = (
    # A power cut may lose the last batches, with their positions: they are read again from the log.
    "PRAGMA synchronous = NORMAL",
    # Fewer checkpoints: each writes every page that was touched since the last one.
    "PRAGMA wal_autocheckpoint = 16000",
    "PRAGMA cache_size = -65536",
)


class _TunedPool(SQLiteConnectionPool):
    """Connections of an index that can be rebuilt at any time."""

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        for pragma in _PRAGMAS:
            connection.cursor().execute(pragma)
        return connection


class _ReadOnlySqlite:
    """The reading half of a `Database`, on a file that another process writes."""

    def __init__(self, path: str) -> None:
        self.dialect = "sqlite"
        self.datastore = SQLiteDatastore(f"{Path(path).absolute().as_uri()}?mode=ro", originator_id_type="text")

    def read(self, statement: str, params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Run one query."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(statement, params)
            return [dict(row) for row in cursor.fetchall()]

    def close(self) -> None:
        """Close all connections."""
        self.datastore.close()


def open_history(url: str) -> SqlHistory:
    """Open `sqlite:///<path>` or `postgresql://…` for writing and reading, and create what is missing."""
    database = open_database(url)
    if database.dialect == "sqlite":
        pool = database.datastore.pool
        tuned = _TunedPool(db_name=pool.db_name, lock_timeout=pool.lock_timeout)
        if not tuned.is_sqlite_memory_mode:  # a database in memory lives in its connection
            pool.close()
            database.datastore.pool = tuned
    return SqlHistory(database)


def open_history_reader(url: str) -> SqlHistory:
    """Open an existing index without ever writing to it; raises `FileNotFoundError` where there is no file yet."""
    if not url.startswith(_SQLITE):
        return SqlHistory(open_database(url), create=False)
    path = url.removeprefix(_SQLITE)
    if not Path(path).is_file():
        raise FileNotFoundError(f"no history at {path}: it is written by `stagewire run history`")
    database: Database = _ReadOnlySqlite(path)  # type: ignore[assignment] # the reading half, which is all that is used
    return SqlHistory(database, create=False)
