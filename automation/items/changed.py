"""What a change did to the values of an item: what conditions read as `old`, `new` and `changed` (spec 2.3, 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from automation.items import events as e
from automation.items.turn import Turn
from automation.values import Value


class Changed(NamedTuple):
    """The values before and after, by code, of what was changed."""

    old: Mapping[str, Value]
    new: Mapping[str, Value]


NOTHING = Changed({}, {})


def changed_since(turn: Turn, count: int) -> Changed:
    """Return what the events after the first `count` of the turn have changed."""
    old: dict[str, Value] = {}
    new: dict[str, Value] = {}
    for recorded in turn.events[count:]:
        for code, before, now in _values(recorded.event):
            old[code], new[code] = before, now
    return Changed(old, new)


def _values(event: object) -> tuple[tuple[str, Value, Value], ...]:
    match event:
        case e.FieldsChanged(changes):
            return tuple((row.code, row.old, row.new) for row in changes)
        case e.ResponsibleChanged(old, new):
            return (("responsible", old, new),)
        case e.ObserversChanged(old, new):
            return (("observers", old, new),)
        case e.StageMoved(old, new):
            return (("stage", old, new),)
        case e.PipelineChanged(old_pipeline, new_pipeline, old, new):
            return (("pipeline", old_pipeline, new_pipeline), ("stage", old, new))
        case _:
            return ()
