"""The current row of an item as its events leave it: what the board counts and a search reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from automation.envelope import Envelope, Recorded
from automation.items import events as item
from automation.payments import events as payment
from automation.values import Money, Value, plain
from services.history.records import Current, Log, LogRecord
from services.history.values import from_json, to_json

TITLE, AMOUNT = "title", "amount"
"""Codes of the fields that have a column of their own."""


class Draft:
    """A current row while events are folded into it; fields are parsed only when an event touches them."""

    __slots__ = ("_fields", "_row", "columns", "version")

    def __init__(self, row: Current) -> None:
        self._row = row
        self._fields: dict[str, Value] | None = None
        self.columns: dict[str, Any] = {}
        self.version = row.version

    def apply(self, recorded: Recorded) -> None:
        """Fold one event; one that changes nothing of the row still moves its version."""
        envelope, event = recorded
        if not self.version:
            self.columns["created_at"] = envelope.recorded_at
        self.version, self.columns["recorded_at"] = envelope.version, envelope.recorded_at
        change = _CHANGES.get(type(event))
        if change:
            change(self, event)

    def set_fields(self, values: Mapping[str, Value]) -> None:
        """Take over field values, and into the columns what has one."""
        if self._fields is None:
            self._fields = from_json(self._row.fields)
        self._fields.update(values)
        if TITLE in values:
            self.columns["title"] = str(plain(values[TITLE]) or "").replace("\0", "")
        if AMOUNT in values:
            self.set_amount(values[AMOUNT])

    def set_amount(self, value: Value) -> None:
        """Take over an amount; anything but money counts as none."""
        amount = value if isinstance(value, Money) else Money(0, "")
        self.columns["amount_minor"], self.columns["currency"] = amount.minor, amount.currency

    def finished(self) -> Current:
        """Return the row to store."""
        if self._fields is not None:
            self.columns["fields"] = to_json(self._fields)
        return self._row._replace(version=self.version, **self.columns)


def current_rows(before: Mapping[str, Current], added: Iterable[LogRecord]) -> list[Current]:
    """Fold new events into the rows as they were; an event that is older than its row changes nothing."""
    drafts: dict[str, Draft] = {}
    for record in added:
        draft = drafts.get(record.stream_id)
        if draft is None:
            row = before.get(record.stream_id) or _empty(record.stream_id, record.log, record.recorded.envelope)
            draft = drafts[record.stream_id] = Draft(row)
        if record.version > draft.version:
            draft.apply(record.recorded)
    return [draft.finished() for draft in drafts.values()]


def _empty(stream: str, log: Log, envelope: Envelope) -> Current:
    key = (envelope.tenant, envelope.item_type, envelope.item_id)
    return Current(stream, log, *key, 0, 0, 0, "", "", "", "", 0, "", deleted=False, fields="{}")


def _created(draft: Draft, event: item.ItemCreated) -> None:
    draft.set_fields(event.fields)
    draft.columns.update(pipeline=event.pipeline, stage=event.stage, responsible=event.responsible)


def _saved(draft: Draft, event: item.FieldsChanged) -> None:
    draft.set_fields({change.code: change.new for change in event.changes})


def _moved(draft: Draft, event: item.StageMoved) -> None:
    draft.columns["stage"] = event.to_stage


def _pipeline(draft: Draft, event: item.PipelineChanged) -> None:
    draft.columns.update(pipeline=event.to_pipeline, stage=event.to_stage)


def _responsible(draft: Draft, event: item.ResponsibleChanged) -> None:
    draft.columns["responsible"] = event.new


def _deleted(draft: Draft, _: item.ItemDeleted) -> None:
    draft.columns["deleted"] = True


def _order(draft: Draft, event: payment.OrderRegistered) -> None:
    draft.set_amount(event.amount)


_CHANGES: dict[type, Callable[[Draft, Any], None]] = {
    item.ItemCreated: _created,
    item.FieldsChanged: _saved,
    item.StageMoved: _moved,
    item.PipelineChanged: _pipeline,
    item.ResponsibleChanged: _responsible,
    item.ItemDeleted: _deleted,
    payment.OrderRegistered: _order,
}
