"""The current row of an item as its events leave it: what the board counts and a search reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import orjson

from automation.items import events as item
from automation.items.admission_events import ChangeHeld
from automation.payments import events as payment
from automation.values import Money, Value, plain
from services.history.marks import SHOWS
from services.history.records import Current, Log, LogRecord
from services.history.values import to_json

TITLE, AMOUNT = "title", "amount"
"""Codes of the fields that have a column of their own."""


_PLACES = {name: place for place, name in enumerate(Current._fields)}
_VERSION, _RECORDED_AT, _CREATED_AT = (_PLACES[name] for name in ("version", "recorded_at", "created_at"))
_FIELDS, _AMOUNT, _CURRENCY = (_PLACES[name] for name in ("fields", "amount_minor", "currency"))


class Draft:
    """A current row while events are folded into it; fields are parsed only when an event touches them."""

    __slots__ = ("_columns", "_fields", "version")

    def __init__(self, row: Current) -> None:
        self._columns: list[Any] = list(row)
        self._fields: dict[str, Any] | None = None
        self.version = row.version

    def apply(self, record: LogRecord) -> None:
        """Fold one event; one that changes nothing of the row still moves its version."""
        columns = self._columns
        if not self.version:
            columns[_CREATED_AT] = record.recorded_at
        self.version = columns[_VERSION] = record.version
        columns[_RECORDED_AT] = record.recorded_at
        if record.event is not None:
            change = _CHANGES.get(type(record.event))
            if change:
                change(self, record.event)

    def set(self, **values: Any) -> None:
        """Take over columns."""
        for name, value in values.items():
            self._columns[_PLACES[name]] = value

    def set_fields(self, values: Mapping[str, Value]) -> None:
        """Take over field values, and into the columns what has one."""
        if self._fields is None:
            self._fields = orjson.loads(self._columns[_FIELDS])  # as JSON: what stays is written back as it is
        self._fields.update(values)
        if TITLE in values:
            self.set_title(str(plain(values[TITLE]) or ""))
        if AMOUNT in values:
            self.set_amount(values[AMOUNT])

    def set_title(self, title: str) -> None:
        """Take over a title; databases refuse NUL."""
        self.set(title=title.replace("\0", ""))

    def set_amount(self, value: Value) -> None:
        """Take over an amount; anything but money counts as none."""
        amount = value if isinstance(value, Money) else Money(0, "")
        self._columns[_AMOUNT], self._columns[_CURRENCY] = amount.minor, amount.currency

    def finished(self) -> Current:
        """Return the row to store."""
        if self._fields is not None:
            self._columns[_FIELDS] = to_json(self._fields)
        return Current._make(self._columns)


def current_rows(before: Mapping[str, Current], added: Iterable[LogRecord]) -> list[Current]:
    """Fold new events into the rows as they were; an event that is older than its row changes nothing."""
    drafts: dict[str, Draft] = {}
    for record in added:
        draft = drafts.get(record.stream_id)
        if draft is None:
            row = before.get(record.stream_id) or empty_row(record.stream_id)
            draft = drafts[record.stream_id] = Draft(row)
        if record.version > draft.version:
            draft.apply(record)
    return [draft.finished() for draft in drafts.values()]


def empty_row(stream: str) -> Current:
    """Return the row of a stream before its first event."""
    log, tenant, item_type, item_id = stream.split("/", 3)
    return Current(
        stream, cast("Log", log), tenant, item_type, item_id, 0, 0, 0, "", "", "", "", 0, "", deleted=False, fields="{}"
    )


def _created(draft: Draft, event: item.ItemCreated) -> None:
    draft.set_fields(event.fields)
    draft.set(pipeline=event.pipeline, stage=event.stage, responsible=event.responsible, deleted=False)


def _saved(draft: Draft, event: item.FieldsChanged) -> None:
    draft.set_fields({change.code: change.new for change in event.changes})


def _moved(draft: Draft, event: item.StageMoved) -> None:
    draft.set(stage=event.to_stage)


def _pipeline(draft: Draft, event: item.PipelineChanged) -> None:
    draft.set(pipeline=event.to_pipeline, stage=event.to_stage)


def _responsible(draft: Draft, event: item.ResponsibleChanged) -> None:
    draft.set(responsible=event.new)


def _deleted(draft: Draft, _: item.ItemDeleted | ChangeHeld) -> None:
    draft.set(deleted=True)


def _order(draft: Draft, event: payment.OrderRegistered) -> None:
    draft.set_amount(event.amount)


def _shown(draft: Draft, event: Any) -> None:
    shown = SHOWS[type(event)](event)
    if shown.title is not None:
        draft.set_title(shown.title)
    if shown.status is not None:
        draft.set(stage=shown.status)
    if shown.owner is not None:
        draft.set(responsible=shown.owner)
    if shown.fields:
        draft.set_fields(shown.fields)


_CHANGES: dict[type, Callable[[Draft, Any], None]] = {
    item.ItemCreated: _created,
    item.FieldsChanged: _saved,
    item.StageMoved: _moved,
    item.PipelineChanged: _pipeline,
    item.ResponsibleChanged: _responsible,
    item.ItemDeleted: _deleted,
    ChangeHeld: _deleted,  # it does not exist yet
    payment.OrderRegistered: _order,
    **dict.fromkeys(SHOWS, _shown),
}

WANTED = frozenset(kind.__name__ for kind in _CHANGES)
"""Names of the classes that a row depends on; all others are indexed without being read."""
