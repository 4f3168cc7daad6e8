"""Fold any event of `crm.events`: items as ever, records by their type."""

from __future__ import annotations

from typing import Any

from automation.envelope import Recorded
from automation.items import evolve as items
from automation.items.events import ChangeSeen, EffectAnswered
from automation.records.loading import record_types
from automation.records.model import RecordState, RecordType
from automation.seen import digest, remember

FOLD_VERSION = items.FOLD_VERSION
_COMMON = (ChangeSeen, EffectAnswered)
"""Events of every record that change nothing of its body; so do entries and effects without a fold of their own."""


def initial() -> Any:
    """Return the state of whatever has no events yet."""
    return items.initial()


def initial_of(record: RecordType) -> RecordState:
    """Return the state of a record without events."""
    return RecordState(record.name, body=record.body())


def evolve(state: Any, recorded: Recorded) -> Any:
    """Return the state with one more event; raises `KeyError` for an event that the record's type does not fold."""
    record = record_types().get(recorded.envelope.item_type)
    if record is None:
        return items.evolve(state, recorded)
    return _evolved(record, state if state.version else initial_of(record), recorded)


def _evolved(record: RecordType, state: RecordState, recorded: Recorded) -> RecordState:
    env, event = recorded
    kind, body = type(event), state.body
    if kind in record.folds or not (kind in _COMMON or kind in record.entries or hasattr(kind, "CHANNEL")):
        body = record.folds[kind](body, env, event)
    seen = remember(state.seen, digest(env.change_id)) if env.change_id else state.seen
    source_seq = env.source_seq or state.source_seq
    return RecordState(record.name, env.version, env.recorded_at, seen, source_seq, body)
