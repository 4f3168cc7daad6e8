"""One line for each record of a topic, or one JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from automation.money import amount_text
from automation.values import Money, Personal
from services.cli.edge import cut, shown
from services.edge.codec import (
    DefinitionCodec,
    Signer,
    UnknownEventError,
    item_changes,
    item_events,
    payment_changes,
    payment_events,
)
from services.edge.processor.dead_letters import PREFIX, read_dead_letter
from services.edge.stream import UnreadableError
from services.edge.topics import Topics
from services.history.values import jsonable

_HIDDEN = ("signature", "body")
_TOLD_IDS = ("rule_id", "trigger_id", "order_id", "invoice_id")


class Told(NamedTuple):
    """What a record says: whose it is, what kind, and its content as plain data."""

    kind: str
    facts: Mapping[str, Any]
    about: Mapping[str, Any]
    """Its frame or envelope."""


Read = Callable[[Any], Told]


def readers(topics: Topics, secrets: Sequence[bytes]) -> dict[str, tuple[str, Read]]:
    """Return topic and reader by short name; without secrets, signed changes are shown as unreadable."""
    signer = Signer(secrets) if secrets else None
    events, changes = item_events(), item_changes(signer)
    payments, payment_log, definitions = payment_changes(signer), payment_events(), DefinitionCodec()
    return {
        "events": (topics.events, lambda record: _framed(*events.decode(record.value))),
        "changes": (topics.changes, lambda record: _framed(*changes.decode(record.value))),
        "effects": (topics.effects, lambda record: _framed(*events.decode(record.value))),
        "payments": (topics.payments, lambda record: _framed(*payments.decode(record.value))),
        "payment-events": (topics.payment_events, lambda record: _framed(*payment_log.decode(record.value))),
        "definitions": (topics.definitions, lambda record: _definition(definitions.decode(record.value))),
        "dead-letters": (topics.dead_letters, _dead_letter),
    }


def _framed(frame: Any, body: Any) -> Told:
    return Told(type(body).__name__, _data(body), frame._asdict())


def _definition(saved: Any) -> Told:
    action = "deleted" if saved.deleted else "saved"
    return Told(f"{saved.kind}/{saved.id}", {action: f"version {saved.version}"}, _data(saved))


def _dead_letter(record: Any) -> Told:
    if not any(name.startswith(PREFIX) for name, _ in record.headers):
        return Told("unknown", {}, {})
    letter = read_dead_letter(record)
    return Told(letter.fault.reason, {"detail": letter.fault.detail}, letter.origin._asdict())


def _data(body: Any) -> dict[str, Any]:
    """Return the content; a value is kept as it is, so that each form shows it in its own way."""
    if not is_dataclass(body) or isinstance(body, type):
        return {}
    return {field.name: getattr(body, field.name) for field in fields(body)}


def told(read: Read, record: Any) -> Told:
    """Return what a record says; one that cannot be read says why."""
    try:
        return read(record)
    except UnreadableError as problem:
        return Told(f"({problem.reason})", {"detail": problem.detail}, {})
    except UnknownEventError as problem:
        return Told("(unknown)", {"detail": str(problem)}, {})


def as_line(record: Any, found: Told) -> str:
    """Return one line of 80 columns: time, key, version, kind, content."""
    key = shown((record.key or b"").decode(errors="replace"))
    version = found.about.get("version", "")
    content = " ".join(f"{name}={_text(value)}" for name, value in found.facts.items() if _is_told(name, value))
    return cut(shown(f"{_clock(record.timestamp)} {key[:20]:<20} {version:>4} {found.kind:<18} {content}"))


def _is_told(name: str, value: Any) -> bool:
    """Leave out of a short line what says nothing to people: ids made by machines, and what is empty."""
    return bool(value) and (not name.endswith("_id") or name in _TOLD_IDS)


def as_json(record: Any, found: Told) -> dict[str, Any]:
    """Return one record as plain JSON types, without signatures."""
    about = {name: value for name, value in found.about.items() if name not in _HIDDEN}
    return {
        "topic": record.topic, "partition": record.partition, "offset": record.offset, "timestamp": record.timestamp,
        "key": (record.key or b"").decode(errors="replace"), "kind": found.kind,
        "about": _plain(about), "content": _plain(found.facts),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """Return plain JSON types; nested records become objects."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | frozenset) and not hasattr(value, "_asdict"):
        return [_plain(part) for part in value]
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value) and not isinstance(value, Money | Personal | type):
        return _plain(asdict(value))
    return jsonable(value)


def _text(value: Any) -> str:
    if isinstance(value, Money):
        return f"{amount_text(value)}{value.currency}"
    if isinstance(value, Personal):
        return repr(value.text[:30])
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name}={_text(part)}" for name, part in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ",".join(_text(part) for part in value) + "]"
    if is_dataclass(value) and not isinstance(value, type):
        return "(" + ",".join(_text(part) for part in _data(value).values()) + ")"
    return str(value)


def _clock(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp / 1000, UTC):%H:%M:%S}"
