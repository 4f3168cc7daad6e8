"""Kafka headers of events: CloudEvents 1.0 in binary mode, W3C trace context, and what consumers skip by."""

from __future__ import annotations

from datetime import UTC, datetime

from automation.envelope import Key, Recorded
from services.edge.stream import UnreadableError

Header = tuple[str, bytes]

_FIXED: tuple[Header, ...] = (
    ("ce_specversion", b"1.0"),
    ("content-type", b"application/vnd.apache.avro"),
)
_TYPES: dict[type, tuple[Header, ...]] = {}
_EPOCH_SECOND: dict[int, str] = {}


def _time(moment: int) -> bytes:
    """Return RFC 3339 text; events of one second share the long part."""
    second, part = divmod(moment, 1000)
    text = _EPOCH_SECOND.get(second)
    if text is None:
        if len(_EPOCH_SECOND) > 1_000:
            _EPOCH_SECOND.clear()
        text = _EPOCH_SECOND[second] = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
    return b"%s.%03dZ" % (text.encode(), part)


def _typed(kind: type) -> tuple[Header, ...]:
    name = kind.__name__.encode()
    headers = _TYPES[kind] = (*_FIXED, ("ce_type", b"stagewire." + name), ("type", name))
    return headers


def traceparent(root_id: str, event_id: str) -> bytes:
    """Return the trace context of an event: one trace for a chain of causes, one span for an event."""
    trace = root_id if len(root_id) == 32 and root_id.isalnum() else event_id
    return b"00-%s-%s-01" % (trace.encode(), event_id[:16].encode())


def event_headers(recorded: Recorded) -> list[Header]:
    """Return the headers of one event of a log."""
    env = recorded.envelope
    tenant, item_type = env.tenant.encode(), env.item_type.encode()
    return [
        *(_TYPES.get(type(recorded.event)) or _typed(type(recorded.event))),
        ("ce_id", env.event_id.encode()),
        ("ce_source", b"stagewire/" + tenant),
        ("ce_subject", f"{env.item_type}/{env.item_id}".encode()),
        ("ce_time", _time(env.recorded_at)),
        ("tenant", tenant),
        ("item_type", item_type),
        ("traceparent", traceparent(env.root_id, env.event_id)),
    ]


def check_key(key: bytes | None, owner: Key) -> None:
    """Refuse a record whose Kafka key is not that of the item in its body."""
    if key != owner.text.encode():
        shown = (key or b"")[:200]
        raise UnreadableError("key_mismatch", f"key {shown!r} is not {owner.text[:200]!r}", tenant=owner.tenant)
