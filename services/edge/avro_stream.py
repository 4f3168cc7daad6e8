"""What the streams of the loop share: one key for a change and its item, Avro for changes, events and states."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from automation.envelope import Envelope, Recorded
from automation.items.changes import ChangeFrame
from services.edge.codec import ChangeCodec, EventCodec, check_key, event_headers
from services.edge.stream import Headers, Output, UnreadableError


class _Versioned(Protocol):
    @property
    def version(self) -> int: ...


S = TypeVar("S", bound=_Versioned)


class States(Protocol[S]):
    """Reads and writes states."""

    def encode(self, value: S, /) -> bytes:
        """Return the bytes of a state."""
        ...

    def decode(self, value: bytes, /) -> S:
        """Return the state; raises `UnreadableError`."""
        ...


def _key_bytes(owned: ChangeFrame | Envelope) -> bytes:
    """Return what `key.text` is as bytes, in one step: it is asked of every change and event."""
    return f"{owned.tenant}/{owned.item_type}/{owned.item_id}".encode()


class AvroStream(Generic[S]):
    """The half of a `Stream` that does not depend on what it decides."""

    log: str
    """Name of the topic of its events."""

    def __init__(self, changes: ChangeCodec, events: EventCodec, states: States[S]) -> None:
        self._changes = changes
        self._events = events
        self._states = states

    def read_change(self, key: bytes | None, value: bytes | None, headers: Headers) -> tuple[ChangeFrame, Any]:
        """Decode one record of the inbox; its key and body must agree."""
        if value is None:
            raise UnreadableError("undecodable", "the record has no value")
        frame, change = self._changes.decode(value)
        check_key(key, frame.key)
        return frame, change

    def key_of(self, change: tuple[ChangeFrame, Any]) -> bytes:
        """Return the key of what the change is about."""
        return _key_bytes(change[0])

    def version_of(self, state: S) -> int:
        """Return the version of the last event folded."""
        return state.version

    def write_event(self, recorded: Recorded) -> Output:
        """Encode an event for the log."""
        return Output(self.log, _key_bytes(recorded.envelope), self._events.encode(recorded), event_headers(recorded))

    def read_event(self, value: bytes, headers: Headers) -> Recorded:
        """Decode an event of the log."""
        return self._events.decode(value)

    def write_state(self, state: S) -> bytes:
        """Encode a state."""
        return self._states.encode(state)

    def read_state(self, value: bytes) -> S:
        """Decode a state."""
        return self._states.decode(value)
