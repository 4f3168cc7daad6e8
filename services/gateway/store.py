"""The gateway's own database: API keys and kept answers."""

from __future__ import annotations

from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool

from services.edge.sql import Database, open_database


class _QuickPool(SQLiteConnectionPool):
    """Connections that do not wait for the disk at each commit.

    A power cut may lose the answers kept last: their requests are done again, with the same change ids.
    """

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        connection.cursor().execute("PRAGMA synchronous = NORMAL")
        return connection


def open_store(url: str) -> Database:
    """Open `sqlite:///<path>` or `postgresql://…`."""
    database = open_database(url)
    if database.dialect == "sqlite":
        pool = database.datastore.pool
        quick = _QuickPool(db_name=pool.db_name, lock_timeout=pool.lock_timeout)
        if not quick.is_sqlite_memory_mode:  # a database in memory lives in its connection
            pool.close()
            database.datastore.pool = quick
    return database
