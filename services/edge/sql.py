"""SQL for services that keep Kafka positions in the same transaction as their rows (design section 4).

Connections, transactions and the position row are those of the `eventsourcing` library (its `Tracking`); what is
here makes one statement run on both SQLite and PostgreSQL, and says plainly what a refused position means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder
from psycopg.conninfo import conninfo_to_dict

Dialect: TypeAlias = Literal["sqlite", "postgresql"]
Row: TypeAlias = Mapping[str, Any]
Params: TypeAlias = Mapping[str, Any]

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")
_SCHEMA_LOCK = 0x5374_6167
"""Advisory lock under which tables are made: two services that start at once must not both find none."""


class PositionRefusedError(Exception):
    """Another owner has stored the same or a later position: nothing was written; read the position again."""

    def __init__(self, context: str, position: int) -> None:
        super().__init__(f"{context} already stands at {position} or later")
        self.context = context
        self.position = position


class Transaction(Protocol):
    """One open transaction; statements name their parameters as `:name`."""

    def all(self, statement: str, params: Params = ...) -> list[Row]:
        """Run a statement and return its rows."""
        ...

    def run(self, statement: str, params: Params = ...) -> None:
        """Run a statement that returns nothing."""
        ...

    def run_many(self, statement: str, params: Sequence[Params]) -> None:
        """Run a statement once for each set of parameters."""
        ...

    def advance(self, context: str, position: int) -> None:
        """Store the next position of a context (such as `notifier:crm.effects-3`); it only ever grows.

        Raises `PositionRefusedError`, which rolls the transaction back: a zombie writes nothing.
        """
        ...

    @property
    def cursor(self) -> Any:
        """The library's cursor, for its recorders' own inserts."""
        ...


class Database(Protocol):
    """SQLite (embedded, one writing process) or PostgreSQL. Methods block: call them in a thread."""

    @property
    def dialect(self) -> Dialect:
        """Which of the two it is."""
        ...

    @property
    def datastore(self) -> Any:
        """The library's datastore, for its recorders."""
        ...

    def create(self, statements: Sequence[str]) -> None:
        """Create tables and indexes that do not exist yet; `BLOB` and `BIGINT` are understood by both."""
        ...

    def transaction(self) -> Any:
        """Return a context manager giving a `Transaction` that commits at its end, or rolls back on any exception."""
        ...

    def read(self, statement: str, params: Params = ...) -> list[Row]:
        """Run one query in a transaction of its own."""
        ...

    def position(self, context: str) -> int | None:
        """Return the next position of a context, or `None` before its first."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


@lru_cache(maxsize=512)
def _for_postgresql(statement: str) -> str:
    return _PARAMETER.sub(r"%(\1)s", statement.replace("%", "%%"))


class _Transaction:
    def __init__(self, cursor: Any, recorder: Any, dialect: Dialect) -> None:
        self._cursor = cursor
        self._recorder = recorder
        self._translate = _for_postgresql if dialect == "postgresql" else str

    @property
    def cursor(self) -> Any:
        return self._cursor

    def all(self, statement: str, params: Params | None = None) -> list[Row]:
        self._cursor.execute(self._translate(statement), params or {})
        return [dict(row) for row in self._cursor.fetchall()]

    def run(self, statement: str, params: Params | None = None) -> None:
        self._cursor.execute(self._translate(statement), params or {})

    def run_many(self, statement: str, params: Sequence[Params]) -> None:
        self._cursor.executemany(self._translate(statement), params)

    def advance(self, context: str, position: int) -> None:
        try:
            self._recorder._insert_tracking(self._cursor, Tracking(context, position))
        except IntegrityError as error:
            raise PositionRefusedError(context, position) from error


class _Database:
    """What both kinds share; `_insert_tracking` is the library's own hook for recorders with tables beside it."""

    def __init__(self, dialect: Dialect, datastore: Any, recorder: Any) -> None:
        self.dialect: Dialect = dialect
        self.datastore = datastore
        self._recorder = recorder

    def create(self, statements: Sequence[str]) -> None:
        with self.transaction() as transaction:
            if self.dialect == "postgresql":
                transaction.run("SELECT pg_advisory_xact_lock(:key)", {"key": _SCHEMA_LOCK})
            for statement in statements:
                transaction.run(statement.replace(" BLOB", " BYTEA") if self.dialect == "postgresql" else statement)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.datastore.transaction(commit=True) as cursor:
            yield _Transaction(cursor, self._recorder, self.dialect)

    def read(self, statement: str, params: Params | None = None) -> list[Row]:
        with self.datastore.transaction(commit=False) as cursor:
            return _Transaction(cursor, self._recorder, self.dialect).all(statement, params)

    def position(self, context: str) -> int | None:
        found: int | None = self._recorder.max_tracking_id(context)
        return found

    def close(self) -> None:
        self.datastore.close()


def storable(text: str) -> str:
    """Return a text that both databases take: PostgreSQL refuses NUL."""
    return text.replace("\x00", "\ufffd")


def open_database(url: str) -> Database:
    """Open `sqlite:///<path>` or `postgresql://…` and make sure that the position table exists.

    Raises `ValueError` for another kind of URL; the message never holds the URL, which may carry a password.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return _open_sqlite(rest.removeprefix("/"))
    if scheme in ("postgresql", "postgres"):
        return _open_postgresql(url)
    raise ValueError("a database URL starts with sqlite:/// or postgresql://")


def _open_sqlite(path: str) -> Database:
    if path not in ("", ":memory:"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    datastore = SQLiteDatastore(path or ":memory:", lock_timeout=30, originator_id_type="text")
    recorder = SQLiteTrackingRecorder(datastore)
    recorder.create_table()
    return _Database("sqlite", datastore, recorder)


def _open_postgresql(url: str) -> Database:
    parts = conninfo_to_dict(url)
    datastore = PostgresDatastore(
        dbname=str(parts.get("dbname") or "stagewire"),
        host=str(parts.get("host") or "localhost"),
        port=str(parts.get("port") or 5432),
        user=str(parts.get("user") or "stagewire"),
        password=str(parts.get("password") or ""),
        pool_size=2,
        max_overflow=6,
        max_waiting=200,
        connect_timeout=30,
        pre_ping=True,
        originator_id_type="text",
    )
    recorder = PostgresTrackingRecorder(datastore, tracking_table_name="stagewire_tracking")
    _create_tracking(datastore, recorder)
    return _Database("postgresql", datastore, recorder)


def _create_tracking(datastore: PostgresDatastore, recorder: PostgresTrackingRecorder) -> None:
    with datastore.get_connection() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_SCHEMA_LOCK,))
        try:
            recorder.create_table()
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_SCHEMA_LOCK,))
