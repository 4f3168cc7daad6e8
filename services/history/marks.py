"""What records are found by, and their texts: rows beside the current ones, from the same events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from automation.items.activity_events import ActivityPlanned
from automation.records.loading import record_types
from automation.records.model import Shown
from services.edge.sql import storable
from services.history import agenda
from services.history.records import LogRecord

SHOWS: Mapping[type, Callable[[Any], Shown]] = {
    kind: show for record in record_types().values() for kind, show in record.shows.items()
} | {ActivityPlanned: agenda.shown}
"""By class of event, of all types of records, and of items what is found by a mark."""


class MarkRow(NamedTuple):
    """A record is found by a value."""

    stream_id: str
    relation: str
    value: str
    tenant: str
    item_type: str


class TextRow(NamedTuple):
    """A text of a record, case folded for searching."""

    stream_id: str
    version: int
    text: str


class Marked(NamedTuple):
    """What a batch does to marks and texts."""

    added: list[MarkRow]
    removed: list[MarkRow]
    texts: list[TextRow]


def folded(text: str) -> str:
    """Return a text as it is searched: without case, storable anywhere."""
    return storable(text).casefold()


def marked(records: Iterable[LogRecord]) -> Marked:
    """Return the marks and texts that events leave, the last word on each mark."""
    last: dict[MarkRow, bool] = {}
    texts: list[TextRow] = []
    for record in records:
        show = SHOWS.get(type(record.event))
        if show is None:
            continue
        shown = show(record.event)
        _, tenant, item_type, _ = record.stream_id.split("/", 3)
        for kept, marks in ((False, shown.remove), (True, shown.add)):
            for relation, value in marks:
                last[MarkRow(record.stream_id, relation, storable(value), tenant, item_type)] = kept
        if shown.text:
            texts.append(TextRow(record.stream_id, record.version, folded(shown.text)))
    return Marked([row for row, kept in last.items() if kept], [row for row, kept in last.items() if not kept], texts)
