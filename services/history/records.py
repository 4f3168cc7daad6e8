"""What the index holds: events as they came, the current row of each stream, and what was wrong with the log."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

from automation.envelope import Key, Recorded
from automation.values import Moment

Log: TypeAlias = Literal["item", "payment"]
"""`item` for `crm.events`, `payment` for `crm.payment-events`: a payable may share its key with an item."""

Fault: TypeAlias = Literal["different", "gap", "late"]
"""`different`: another event at a version that is stored; `gap`: versions are missing before this one;
`late`: a missing version came after a later one."""


def stream_id(log: Log, key: Key) -> str:
    """Return the originator id of a stream: `<log>/<tenant>/<type>/<id>`.

    Raises `ValueError` for a tenant or type with a `/`, which could otherwise name another tenant's stream.
    """
    if "/" in key.tenant or "/" in key.item_type or not all(key):
        raise ValueError(f"key {key.text[:200]!r} is not tenant/type/id")
    return f"{log}/{key.tenant}/{key.item_type}/{key.item_id}"


class LogRecord(NamedTuple):
    """One event read from a log: its head, and the bytes it came as."""

    log: Log
    stream_id: str
    version: int
    kind: str
    """Name of the event's class."""
    recorded_at: Moment
    event: Any
    """The event where the current row depends on it, else `None`."""
    value: bytes
    context: str
    """Where it stood: `<topic>-<partition>`."""
    offset: int

    @property
    def tenant(self) -> str:
        """The tenant whose stream it is."""
        return self.stream_id.split("/", 2)[1]


def log_record(log: Log, recorded: Recorded, value: bytes, context: str, offset: int) -> LogRecord:
    """Return the record of an event that is decoded already."""
    env, event = recorded
    stream = stream_id(log, env.key)
    return LogRecord(log, stream, env.version, type(event).__name__, env.recorded_at, event, value, context, offset)


class StoredRow(NamedTuple):
    """One event as it is stored: `type` is the name of its class, `value` the bytes of the log."""

    version: int
    type: str
    value: bytes


class Current(NamedTuple):
    """The current row of a stream, derived from its events; `fields` is JSON (see `services.history.values`).

    For a payable only the columns up to `recorded_at` and the amount mean something.
    """

    stream_id: str
    log: Log
    tenant: str
    item_type: str
    item_id: str
    version: int
    recorded_at: Moment
    created_at: Moment
    pipeline: str
    stage: str
    title: str
    responsible: str
    amount_minor: int
    currency: str
    deleted: bool
    fields: str


class Sought(NamedTuple):
    """What records are looked for by; what is empty does not count."""

    marks: tuple[tuple[str, str], ...] = ()
    """Relation and value of each mark that a record must have."""
    text: str = ""
    """Part of one of its texts, in any case."""
    status: str = ""
    owner: str = ""


class Anomaly(NamedTuple):
    """An event that does not follow its predecessor; reported for ever, never silently accepted."""

    stream_id: str
    tenant: str
    version: int
    fault: Fault
    context: str
    log_offset: int
    detail: str
    recorded_at: Moment


class StageTotal(NamedTuple):
    """Items and the sum of their amounts (minor units of `currency`) in one stage."""

    pipeline: str
    stage: str
    currency: str
    items: int
    amount_minor: int


class Written(NamedTuple):
    """What one batch did to the index."""

    added: int
    repeated: int
    anomalies: tuple[Anomaly, ...]
