"""States at rest: items as plain Avro, records with their type in front, told apart by the first byte.

The Avro of an item begins with the length of a text, which is never negative, so its first byte is even.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from automation.items.state import ItemState
from automation.records.loading import record_types
from automation.records.model import RecordState
from services.edge.codec.codecs import RecordCodec
from services.edge.stream import UnreadableError

_RECORD = b"\x01"


class _AtRest(NamedTuple):
    """A record's state, its body in the Avro of its type."""

    type: str
    version: int
    recorded_at: int
    seen: bytes
    source_seq: int
    body: bytes


class StateCodec:
    """Encodes the states of whatever lives in `crm.events`."""

    def __init__(self) -> None:
        self._items: RecordCodec[ItemState] = RecordCodec(ItemState)
        self._records: RecordCodec[_AtRest] = RecordCodec(_AtRest)
        kinds = record_types().items()
        self._bodies: dict[str, RecordCodec[Any]] = {name: RecordCodec(record.body) for name, record in kinds}

    def encode(self, state: Any) -> bytes:
        """Return the bytes of a state."""
        if state.__class__ is ItemState:
            return self._items.encode(state)
        body = self._bodies[state.type].encode(state.body)
        return _RECORD + self._records.encode(_AtRest._make((*state[:-1], body)))

    def decode(self, value: bytes) -> Any:
        """Return the state; raises `UnreadableError`."""
        if value[:1] != _RECORD:
            return self._items.decode(value)
        rest = self._records.decode(value[1:])
        codec = self._bodies.get(rest.type)
        if codec is None:
            raise UnreadableError("undecodable", f"no records are of type {rest.type[:60]!r}", ours=True)
        return RecordState(*rest[:-1], codec.decode(rest.body))
