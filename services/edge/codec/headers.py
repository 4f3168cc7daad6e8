"""Kafka headers of events: CloudEvents 1.0 in binary mode, W3C trace context, and what consumers skip by."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from automation.envelope import Key, Recorded
from automation.seen import digest
from services.edge.stream import UnreadableError

Header = tuple[str, bytes]

_FIXED: tuple[Header, ...] = (
    ("ce_specversion", b"1.0"),
    ("content-type", b"application/vnd.apache.avro"),
)
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: RFC 3339 has no later one."""


@lru_cache(maxsize=1_024)
def _second(second: int) -> str:
    return f"{datetime.fromtimestamp(min(max(second, 0), _LAST_SECOND), UTC):%Y-%m-%dT%H:%M:%S}"


@lru_cache(maxsize=1_024)
def _time(moment: int) -> bytes:
    """Return RFC 3339 text; events of one second share the long part."""
    second, part = divmod(moment, 1000)
    return b"%s.%03dZ" % (_second(second).encode(), part)


@lru_cache(maxsize=4_096)
def _shared(kind: type, tenant: str, item_type: str) -> tuple[Header, ...]:
    """Return the headers that do not differ between events of one class, tenant and type of item."""
    name = kind.__name__.encode()
    return (
        *_FIXED,
        ("ce_type", b"stagewire." + name),
        ("type", name),
        ("ce_source", b"stagewire/" + quote(tenant, safe="").encode()),
        ("tenant", tenant.encode()),
        ("item_type", item_type.encode()),
    )


@lru_cache(maxsize=1_024)
def trace_of(root_id: str) -> bytes:
    """Return version and trace id of a chain of causes, with the dash behind them."""
    """Return version and trace id: a root that is a UUID is the trace id itself; one of zeros only is not allowed."""
    made = digest(root_id)
    return f"00-{made.hex() if any(made) else '1' * 32}-".encode()


def traceparent(root_id: str, event_id: str) -> bytes:
    """Return the trace context of an event: one trace for a chain of causes, one span for an event.

    A trace that came in with a change takes its place (`services/edge/tracing.py`).
    """
    return trace_of(root_id) + event_id[-16:].encode() + b"-01"


def event_headers(recorded: Recorded) -> list[Header]:
    """Return the headers of one event of a log."""
    env = recorded.envelope
    event_id = env.event_id
    kind: type = type(recorded.event)
    return [
        *_shared(kind, env.tenant, env.item_type),
        ("ce_id", event_id.encode()),
        ("ce_subject", f"{env.item_type}/{env.item_id}".encode()),
        ("ce_time", _time(env.recorded_at)),
        ("traceparent", traceparent(env.root_id or event_id, event_id)),
    ]


def check_key(key: bytes | None, owner: Key) -> None:
    """Refuse a record whose Kafka key is not that of the item in its body.

    Raises `UnreadableError`: `invalid` for a body that makes no key (a part is empty, or tenant or type has a `/` and
    would read as another tenant's key), `key_mismatch` for a key that differs.
    """
    if not all(owner) or "/" in owner.tenant or "/" in owner.item_type:
        raise UnreadableError("invalid", "tenant, type or id is empty, or one of the first two has a `/`")
    if key != owner.text.encode():
        shown = (key or b"")[:200]
        raise UnreadableError("key_mismatch", f"key {shown!r} is not {owner.text[:200]!r}", tenant=owner.tenant)
