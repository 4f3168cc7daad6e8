"""Business processes and their incidents as rows, kept from the same events as everything else (spec 1.3, 6.2).

Each event of a stream is one statement; whether it counts was settled before by item and version (`placing`).
"""

# ruff: noqa: S608 - statements are put together from column names of this module alone

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from automation.items import process_events as p
from automation.values import Moment
from services.edge.sql import storable
from services.history.records import LogRecord

Step: TypeAlias = tuple[str, Mapping[str, Any]]
"""A statement with its parameters."""
OPEN, INCIDENT = "open", "incident"
"""What may be asked for instead of a status: whatever has not ended, and what waits for a decision."""
STATUSES = ("running", "paused", "completed", "cancelled", OPEN, INCIDENT)


class ProcessRow(NamedTuple):
    """One instance of a template, running or ended."""

    stream_id: str
    instance_id: str
    tenant: str
    item_type: str
    item_id: str
    template_id: str
    template_version: int
    status: str
    """`running`, `paused`, `completed` or `cancelled`."""
    started_by: str
    parent: str
    """`<instance>/<place>` of the step that runs it."""
    started_at: Moment
    ended_at: Moment
    """0 while it runs."""
    cause: str
    """Why it was cancelled."""
    ended_by: str


class IncidentRow(NamedTuple):
    """A failed step at which a process waits until somebody decides."""

    stream_id: str
    instance_id: str
    place: str
    tenant: str
    item_type: str
    item_id: str
    template_id: str
    attempt: int
    reason: str
    raised_at: Moment


class ProcessTotal(NamedTuple):
    """How many instances of a template have not ended, and how many decisions they wait for."""

    template_id: str
    running: int
    paused: int
    incidents: int


_WHOLE = frozenset({"template_version", "attempt", "started_at", "ended_at", "raised_at"})
_PROCESS = ", ".join(ProcessRow._fields)
_INCIDENT = ", ".join(IncidentRow._fields)
_AT = "stream_id = :stream_id AND instance_id = :instance_id"


def _table(name: str, columns: tuple[str, ...], primary_key: str) -> str:
    rows = ", ".join(f"{column} {'BIGINT' if column in _WHOLE else 'TEXT'} NOT NULL" for column in columns)
    return f"CREATE TABLE IF NOT EXISTS {name} ({rows}, PRIMARY KEY ({primary_key}))"


CREATE = (
    _table("history_processes", ProcessRow._fields, "stream_id, instance_id"),
    "CREATE INDEX IF NOT EXISTS history_processes_started ON history_processes (tenant, started_at, instance_id)",
    "CREATE INDEX IF NOT EXISTS history_processes_template"
    " ON history_processes (tenant, template_id, started_at, instance_id)",
    "CREATE INDEX IF NOT EXISTS history_processes_instance ON history_processes (tenant, instance_id)",
    # Those that run are few beside those that ever ran.
    "CREATE INDEX IF NOT EXISTS history_processes_open ON history_processes (tenant, template_id, status)"
    " WHERE ended_at = 0",
    _table("history_incidents", IncidentRow._fields, "stream_id, instance_id, place"),
    "CREATE INDEX IF NOT EXISTS history_incidents_raised ON history_incidents (tenant, raised_at, instance_id, place)",
)
FORGET = (
    "DELETE FROM history_processes WHERE stream_id = :stream",
    "DELETE FROM history_incidents WHERE stream_id = :stream",
)
_ADD = (
    f"INSERT INTO history_processes ({_PROCESS}) VALUES ({', '.join(':' + n for n in ProcessRow._fields)})"
    " ON CONFLICT DO NOTHING"
)
_SET = f"UPDATE history_processes SET status = :status WHERE {_AT}"
_END = (
    "UPDATE history_processes SET status = :status, ended_at = :ended_at, cause = :cause, ended_by = :ended_by"
    f" WHERE {_AT}"
)
_RAISE = (
    f"INSERT INTO history_incidents ({_INCIDENT}) SELECT stream_id, instance_id, :place, tenant, item_type, item_id,"
    f" template_id, :attempt, :reason, :raised_at FROM history_processes WHERE {_AT}"
    " ON CONFLICT (stream_id, instance_id, place) DO UPDATE"
    " SET attempt = excluded.attempt, reason = excluded.reason, raised_at = excluded.raised_at"
)
_RESOLVE = f"DELETE FROM history_incidents WHERE {_AT} AND place = :place"
_RESOLVE_ALL = f"DELETE FROM history_incidents WHERE {_AT}"

TOTALS = (
    "SELECT template_id, sum(CASE WHEN status = 'paused' THEN 0 ELSE 1 END) AS running,"
    " sum(CASE WHEN status = 'paused' THEN 1 ELSE 0 END) AS paused,"
    " (SELECT count(*) FROM history_incidents i WHERE i.tenant = :tenant AND i.template_id = p.template_id)"
    " AS incidents FROM history_processes p WHERE tenant = :tenant AND ended_at = 0"
    " GROUP BY template_id ORDER BY template_id"
)
_HAS_INCIDENT = (
    "EXISTS (SELECT 1 FROM history_incidents i WHERE i.stream_id = p.stream_id AND i.instance_id = p.instance_id)"
)
_PLACED = "({moment} < :before OR ({moment} = :before AND {last} < :before_id))"


class SoughtProcesses(NamedTuple):
    """What instances are looked for by; what is empty does not count."""

    item_type: str = ""
    item_id: str = ""
    template_id: str = ""
    status: str = ""
    """One of `STATUSES`."""
    instance: str = ""
    """Its id, or how that begins."""


class SoughtIncidents(NamedTuple):
    """What incidents are looked for by; what is empty does not count."""

    template_id: str = ""
    reason: str = ""
    step: str = ""
    item_type: str = ""
    instance: str = ""
    upto: Moment = 0
    """Raised at this moment or before; 0 for any."""


def processes_by(sought: SoughtProcesses) -> str:
    """Return the statement that lists instances, started last first."""
    wanted = ["tenant = :tenant"]
    wanted += [f"{name} = :{name}" for name in ("item_type", "item_id", "template_id") if getattr(sought, name)]
    if sought.status in (OPEN, INCIDENT):
        wanted.append("ended_at = 0" if sought.status == OPEN else _HAS_INCIDENT)
    elif sought.status:
        wanted.append("status = :status")
    if sought.instance:
        # Ids are hexadecimal: a `g` comes behind all that begins so, whatever the collation.
        wanted.append("instance_id >= :instance AND instance_id <= :instance || 'g'")
        wanted.append("substr(instance_id, 1, length(:instance)) = :instance")
    wanted.append(_PLACED.format(moment="started_at", last="instance_id"))
    return (
        f"SELECT {_PROCESS}, (SELECT count(*) FROM history_incidents i WHERE i.stream_id = p.stream_id"
        " AND i.instance_id = p.instance_id) AS incidents FROM history_processes p"
        f" WHERE {' AND '.join(wanted)} ORDER BY started_at DESC, instance_id DESC LIMIT :limit"
    )


def incidents_by(sought: SoughtIncidents) -> str:
    """Return the statement that lists incidents, raised last first."""
    wanted = ["tenant = :tenant"]
    wanted += [f"{name} = :{name}" for name in ("template_id", "reason", "item_type") if getattr(sought, name)]
    if sought.step:
        wanted.append("(place = :step OR substr(place, 1, length(:step) + 1) = :step || '#')")
    if sought.instance:
        wanted.append("instance_id = :instance")
    if sought.upto:
        wanted.append("raised_at <= :upto")
    wanted.append(_PLACED.format(moment="raised_at", last="(instance_id || '/' || place)"))
    return (
        f"SELECT {_INCIDENT} FROM history_incidents WHERE {' AND '.join(wanted)}"
        " ORDER BY raised_at DESC, instance_id || '/' || place DESC LIMIT :limit"
    )


# --- from events to statements -------------------------------------------------------------------------------


def steps_of(records: Iterable[LogRecord]) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """Yield statements with the parameters to run them with, for all events of a batch.

    Those of one instance keep their order; those of different ones are put together, so that they run together.
    """
    nth: dict[tuple[str, str], int] = defaultdict(int)
    placed: list[tuple[int, str, Mapping[str, Any]]] = []
    for record in records:
        make = _STEPS.get(type(record.event))
        for statement, params in make(record, record.event) if make else ():
            at = (record.stream_id, params["instance_id"])
            nth[at] += 1
            placed.append((nth[at], statement, params))
    placed.sort(key=lambda one: one[:2])
    for (_, statement), found in groupby(placed, key=lambda one: one[:2]):
        yield statement, [params for _, _, params in found]


def _named(record: LogRecord, event: Any, **more: Any) -> dict[str, Any]:
    return {"stream_id": record.stream_id, "instance_id": event.instance_id, **more}


def _started(record: LogRecord, event: p.ProcessStarted) -> list[Step]:
    _, tenant, item_type, item_id = record.stream_id.split("/", 3)
    row = ProcessRow(
        record.stream_id, event.instance_id, tenant, item_type, item_id, event.template_id, event.template_version,
        "running", storable(event.started_by), event.parent, record.recorded_at, 0, "", "",
    )  # fmt: skip
    return [(_ADD, row._asdict())]


def _ended(record: LogRecord, event: p.ProcessEnded) -> list[Step]:
    told = {"cause": storable(event.cause), "ended_by": storable(event.by)}
    ending = _named(record, event, status=event.outcome, ended_at=record.recorded_at, **told)
    return [(_END, ending), (_RESOLVE_ALL, _named(record, event))]


def _raised(record: LogRecord, event: p.IncidentRaised) -> list[Step]:
    told = {"attempt": event.attempt, "reason": storable(event.reason), "raised_at": record.recorded_at}
    return [(_RAISE, _named(record, event, place=event.place, **told))]


_STEPS: Mapping[type, Callable[[LogRecord, Any], list[Step]]] = {
    p.ProcessStarted: _started,
    p.ProcessEnded: _ended,
    p.ProcessPaused: lambda record, event: [(_SET, _named(record, event, status="paused"))],
    p.ProcessResumed: lambda record, event: [(_SET, _named(record, event, status="running"))],
    p.IncidentRaised: _raised,
    p.IncidentResolved: lambda record, event: [(_RESOLVE, _named(record, event, place=event.place))],
}

WANTED = frozenset(kind.__name__ for kind in _STEPS)
"""Names of the classes that these rows depend on."""
