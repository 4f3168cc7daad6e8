"""Streams for the tests of history: events with their envelopes, and a codec that keeps what it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automation.envelope import Envelope, Key, Recorded, event_id
from services.edge.codec import Head
from services.history.records import Log, LogRecord, log_record
from services.live_views.board import WANTED

DEAL = Key("acme", "deal", "1")
HOUR = 3_600_000
CONTEXT = "crm.events-0"


class Book:
    """A codec for tests: it gives an event a number and finds it again by that."""

    def __init__(self) -> None:
        self._written: list[Recorded] = []

    def write(self, recorded: Recorded) -> bytes:
        """Return the bytes of an event: equal events have equal bytes."""
        if recorded not in self._written:
            self._written.append(recorded)
        return str(self._written.index(recorded)).encode()

    def read(self, value: bytes) -> Recorded:
        """Return the event with these bytes."""
        return self._written[int(value)]


def recorded(key: Key, version: int, event: Any, *, at: int = 0, actor: str = "user:7", cause: str = "c") -> Recorded:
    """Return an event of `key`, recorded `at` milliseconds, or an hour for each version."""
    moment = at or version * HOUR
    frame = Envelope(
        event_id(key.text, version), *key, version, moment, moment, actor, "user:7", "manual", cause, "root", 0,
        f"change-{version}", 1, "0.1.0",
    )  # fmt: skip
    return Recorded(frame, event)


def stream(key: Key, *events: Any) -> list[Recorded]:
    """Return events of one item in order, from version 1, an hour apart."""
    return [recorded(key, version, event) for version, event in enumerate(events, 1)]


def head_of(found: Recorded) -> Head:
    """Return the head of an event as the codec skims it for the board."""
    env, event = found
    kind = type(event).__name__
    return Head(kind, env.key.text.encode(), env.version, env.recorded_at, event if kind in WANTED else None)


def records(book: Book, found: Sequence[Recorded], *, offset: int = 0, log: Log = "item") -> list[LogRecord]:
    """Return events as they are read from one partition of a log, from `offset` on."""
    return [log_record(log, r, book.write(r), CONTEXT, offset + place) for place, r in enumerate(found)]
