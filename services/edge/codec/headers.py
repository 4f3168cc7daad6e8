"""Kafka headers of events: CloudEvents 1.0 in binary mode, W3C trace context, and what consumers skip by."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from automation.envelope import Key, Recorded, stable_id
from services.edge.stream import UnreadableError

Header = tuple[str, bytes]

_FIXED: tuple[Header, ...] = (
    ("ce_specversion", b"1.0"),
    ("content-type", b"application/vnd.apache.avro"),
)
_TYPES: dict[type, tuple[Header, ...]] = {}
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: RFC 3339 has no later one."""
_TRACE = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


@lru_cache(maxsize=1_024)
def _second(second: int) -> str:
    return f"{datetime.fromtimestamp(min(max(second, 0), _LAST_SECOND), UTC):%Y-%m-%dT%H:%M:%S}"


def _time(moment: int) -> bytes:
    """Return RFC 3339 text; events of one second share the long part."""
    second, part = divmod(moment, 1000)
    return b"%s.%03dZ" % (_second(second).encode(), part)


def _typed(kind: type) -> tuple[Header, ...]:
    name = kind.__name__.encode()
    headers = _TYPES[kind] = (*_FIXED, ("ce_type", b"stagewire." + name), ("type", name))
    return headers


@lru_cache(maxsize=1_024)
def _of_tenant(tenant: str) -> tuple[Header, ...]:
    return ("ce_source", b"stagewire/" + quote(tenant, safe="").encode()), ("tenant", tenant.encode())


@lru_cache(maxsize=1_024)
def _trace_id(root_id: str) -> str:
    return stable_id("trace", root_id)


def traceparent(root_id: str, event_id: str, incoming: bytes | None = None) -> bytes:
    """Return the trace context of an event: one trace for a chain of causes, one span for an event.

    `incoming` is the `traceparent` that came with the change: a valid one keeps its trace.
    """
    trace = incoming[3:35].decode() if incoming and _TRACE.match(incoming) else _trace_id(root_id)
    return f"00-{trace}-{event_id[-16:]}-01".encode()


def event_headers(recorded: Recorded, incoming: bytes | None = None) -> list[Header]:
    """Return the headers of one event of a log; `incoming` is the change's `traceparent`, if it had one."""
    env = recorded.envelope
    event_id = env.event_id
    return [
        *(_TYPES.get(type(recorded.event)) or _typed(type(recorded.event))),
        *_of_tenant(env.tenant),
        ("ce_id", event_id.encode()),
        ("ce_subject", f"{env.item_type}/{env.item_id}".encode()),
        ("ce_time", _time(env.recorded_at)),
        ("item_type", env.item_type.encode()),
        ("traceparent", traceparent(env.root_id or event_id, event_id, incoming)),
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
