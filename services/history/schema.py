"""The tables beside the library's own, and the statements over them; each runs on SQLite and PostgreSQL."""

# ruff: noqa: S608 - statements are put together from column names of this module alone

from __future__ import annotations

from collections.abc import Iterable

from services.edge.sql import Dialect
from services.history import process_index
from services.history.marks import MarkRow, TextRow
from services.history.records import Anomaly, Current

EVENTS_TABLE = "history_events"

MARKS = MarkRow._fields
TEXTS = TextRow._fields
_NOT_TEXT = {
    "version": "BIGINT",
    "recorded_at": "BIGINT",
    "created_at": "BIGINT",
    "amount_minor": "BIGINT",
    "log_offset": "BIGINT",
    "deleted": "BOOLEAN",
}
_TYPES = {name: _NOT_TEXT.get(name, "TEXT") for name in (*Current._fields, *Anomaly._fields, *MARKS, *TEXTS)}


def _table(name: str, columns: tuple[str, ...], primary_key: str) -> str:
    rows = ", ".join(f"{column} {_TYPES[column]} NOT NULL" for column in columns)
    return f"CREATE TABLE IF NOT EXISTS {name} ({rows}, PRIMARY KEY ({primary_key}))"


CREATE = (
    _table("history_marks", MARKS, "stream_id, relation, value"),
    "CREATE INDEX IF NOT EXISTS history_marks_value ON history_marks (tenant, item_type, relation, value)",
    _table("history_texts", TEXTS, "stream_id, version"),
    _table("history_current", Current._fields, "stream_id"),
    # Without `recorded_at`: that changes with every event, and the index would be rewritten each time.
    "CREATE INDEX IF NOT EXISTS history_current_stage ON history_current (tenant, item_type, pipeline, stage)",
    _table("history_anomalies", Anomaly._fields, "context, log_offset"),
    *process_index.CREATE,
)

_COLUMNS = ", ".join(Current._fields)
_SET = ", ".join(f"{name} = excluded.{name}" for name in Current._fields if name != "stream_id")
_UPSERT_TAIL = f" ON CONFLICT (stream_id) DO UPDATE SET {_SET}"
_RECORD = ", ".join(f"{name} {_TYPES[name]}" for name in Current._fields)

UPSERT: dict[Dialect, str] = {
    "sqlite": f"INSERT INTO history_current ({_COLUMNS}) VALUES ({', '.join('?' for _ in Current._fields)})"
    + _UPSERT_TAIL,
    # One statement for all rows; as JSON, because the driver writes arrays in slow Python.
    "postgresql": f"INSERT INTO history_current ({_COLUMNS})"
    f" SELECT {_COLUMNS} FROM json_to_recordset(:rows::json) AS given({_RECORD})" + _UPSERT_TAIL,
}
CURRENT_AMONG: dict[Dialect, str] = {
    "sqlite": f"SELECT {_COLUMNS} FROM history_current WHERE stream_id IN (SELECT value FROM json_each(:ids))",
    "postgresql": f"SELECT {_COLUMNS} FROM history_current WHERE stream_id = ANY(:ids)",
}
CURRENT_ONE = f"SELECT {_COLUMNS} FROM history_current WHERE stream_id = :stream"
EVENT_AT = f"SELECT state FROM {EVENTS_TABLE} WHERE originator_id = :stream AND originator_version = :version"
ALL_EVENTS = f"SELECT state FROM {EVENTS_TABLE} WHERE originator_id = :stream ORDER BY originator_version"

ADD_ANOMALY = (
    f"INSERT INTO history_anomalies ({', '.join(Anomaly._fields)})"
    f" VALUES ({', '.join(':' + n for n in Anomaly._fields)}) ON CONFLICT DO NOTHING"
)
ANOMALIES = (
    f"SELECT {', '.join(Anomaly._fields)} FROM history_anomalies"
    " WHERE tenant = :tenant ORDER BY recorded_at DESC, log_offset DESC LIMIT :limit"
)
COUNT_ANOMALIES = "SELECT count(*) AS n FROM history_anomalies"

STAGE_TOTALS = (
    "SELECT pipeline, stage, currency, count(*) AS items, sum(amount_minor) AS amount_minor FROM history_current"
    " WHERE tenant = :tenant AND item_type = :item_type AND log = 'item' AND NOT deleted AND stage <> ''"
    " GROUP BY pipeline, stage, currency ORDER BY pipeline, stage, currency"
)
ITEMS = (
    f"SELECT {_COLUMNS} FROM history_current WHERE tenant = :tenant AND item_type = :item_type"
    " AND log = 'item' AND NOT deleted AND (:pipeline = '' OR pipeline = :pipeline) AND (:stage = '' OR stage = :stage)"
    " AND (recorded_at < :before OR (recorded_at = :before AND stream_id < :before_id))"
    " ORDER BY recorded_at DESC, stream_id DESC LIMIT :limit"
)


def _insert(table: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) ON CONFLICT DO NOTHING"


ADD_MARK = _insert("history_marks", MARKS)
REMOVE_MARK = "DELETE FROM history_marks WHERE stream_id = :stream_id AND relation = :relation AND value = :value"
ADD_TEXT = _insert("history_texts", TEXTS)
FORGET = (
    "DELETE FROM history_marks WHERE stream_id = :stream",
    "DELETE FROM history_texts WHERE stream_id = :stream",
    *process_index.FORGET,
)


def records_found_by(marks: int, *, text: bool) -> str:
    """Return the statement that lists records by so many marks (`:relation_a`, `:value_a`, …), and by a text."""
    found = (
        "EXISTS (SELECT 1 FROM history_marks WHERE stream_id = c.stream_id"
        f" AND relation = :relation_{name} AND value = :value_{name})"
        for name in _LETTERS[:marks]
    )
    said = "EXISTS (SELECT 1 FROM history_texts WHERE stream_id = c.stream_id AND text LIKE :text ESCAPE '!')"
    conditions = " AND ".join((*found, *([said] if text else []), _LISTED))
    return f"SELECT {_COLUMNS} FROM history_current c WHERE {conditions}"


_LETTERS = "abcdefgh"
MOST_MARKS = len(_LETTERS)
_LISTED = (
    "tenant = :tenant AND item_type = :item_type AND log = 'item' AND NOT deleted"
    " AND (:status = '' OR stage = :status) AND (:owner = '' OR responsible = :owner)"
    " AND (recorded_at < :before OR (recorded_at = :before AND stream_id < :before_id))"
    " ORDER BY recorded_at DESC, stream_id DESC LIMIT :limit"
)


def mark_parameters(marks: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters of `records_found_by` for these marks."""
    named = zip(_LETTERS, marks, strict=False)
    return {k: v for at, (name, value) in named for k, v in ((f"relation_{at}", name), (f"value_{at}", value))}


SCAN = (
    f"SELECT {_COLUMNS} FROM history_current WHERE tenant = :tenant AND item_type = :item_type"
    " AND log = 'item' AND NOT deleted AND stream_id > :after AND (:holding = '' OR fields LIKE :holding ESCAPE '!')"
    " ORDER BY stream_id LIMIT :limit"
)
