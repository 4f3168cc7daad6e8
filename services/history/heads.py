"""Reads as much of an event as the index needs: its head, and all of it where the current row depends on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from aiokafka import ConsumerRecord

from automation.envelope import Recorded
from services.edge.codec import Head, UnknownEventError, item_events, payment_events
from services.edge.stream import UnreadableError
from services.edge.topics import Topics
from services.history import process_index
from services.history.current import WANTED as CURRENT
from services.history.records import Log, LogRecord, stream_id

ReadHead: TypeAlias = Callable[[bytes], Head]
WANTED = CURRENT | process_index.WANTED
"""Names of the classes of which the index needs more than the head."""

Readers: TypeAlias = Mapping[str, tuple[Log, ReadHead]]
"""By topic: which log it holds, and how its events are read."""


class UnreadableLogError(Exception):
    """A record of a log cannot be read: stop and say so, never skip (design section 2)."""


def log_heads() -> dict[Log, ReadHead]:
    """Return how the heads of each log are read in this release."""
    items, payments = item_events(), payment_events()
    return {"item": lambda value: items.skim(value, WANTED), "payment": lambda value: payments.skim(value, WANTED)}


def readers_of(topics: Topics) -> Readers:
    """Return the logs of an installation."""
    heads = log_heads()
    return {topics.events: ("item", heads["item"]), topics.payment_events: ("payment", heads["payment"])}


def heads_by(read_event: Callable[[bytes], Recorded]) -> ReadHead:
    """Return a reader of heads that reads events whole: the double, for codecs that know no other way."""

    def read(value: bytes) -> Head:
        env, event = read_event(value)
        stream_id("item", env.key)  # refuses a key that would read as another tenant's
        return Head(type(event).__name__, env.key.text.encode(), env.version, env.recorded_at, event)

    return read


def read_record(readers: Readers, record: ConsumerRecord) -> LogRecord:
    """Return a record of a log with its head; raises `UnreadableLogError`, which says where it stands."""
    log, read = readers[record.topic]
    context, key, value = f"{record.topic}-{record.partition}", record.key, record.value
    if value is None or key is None:
        raise UnreadableLogError(f"{context}@{record.offset} has no key or no value")
    try:
        kind, owner, version, recorded_at, event = read(value)
        if owner != key:
            raise UnreadableLogError(f"{context}@{record.offset}: key and envelope disagree")
        stream = f"{log}/{key.decode()}"
    except (UnreadableError, UnknownEventError, ValueError) as error:
        raise UnreadableLogError(f"{context}@{record.offset}: {error}") from error
    return LogRecord(log, stream, version, kind, recorded_at, event, value, context, record.offset)
