"""What a change of fields sets going: delays that follow a date, and triggers on field changes (spec 1.4, 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from automation.definitions.compiled import FIELD_CHANGED
from automation.items import events as e
from automation.items import facts, runs
from automation.items.scope import scope_of
from automation.items.turn import Turn
from automation.values import Value

AUTOMATION = ("automation_rule", "business_process", "trigger", "system")
"""Sources whose changes fire no trigger on field changes."""


class Changed(NamedTuple):
    """What a save has changed: values before and after, and the event that says so."""

    old: Mapping[str, Value]
    new: Mapping[str, Value]
    event_id: str


def after_save(turn: Turn, since: int, pipeline: str, *, quiet: bool) -> Callable[[Turn], None] | None:
    """Return what the save whose events begin at `since` sets going; None where nothing watches or waits."""
    silent = quiet or turn.source in AUTOMATION
    watched = not silent and turn.view.triggers(turn.key.item_type, pipeline, FIELD_CHANGED)
    waits = bool(turn.state.runs) and any(run.follows for run in turn.state.runs.values())
    if not (watched or waits) or len(turn.events) == since:
        return None
    changed, actor, source = _changed(turn, since), turn.actor, turn.source

    def work(later: Turn) -> None:
        runs.follow_dates(later, changed.new)
        if watched:
            later.act(actor, source, "", changed.event_id)
            fire(later, changed)

    return work


def _changed(turn: Turn, since: int) -> Changed:
    old: dict[str, Value] = {}
    new: dict[str, Value] = {}
    for recorded in turn.events[since:]:
        match recorded.event:
            case e.FieldsChanged(changes):
                for row in changes:
                    old[row.code], new[row.code] = row.old, row.new
            case e.ResponsibleChanged(before, now):
                old["responsible"], new["responsible"] = before, now
            case e.ObserversChanged(before, now):
                old["observers"], new["observers"] = before, now
    return Changed(old, new, turn.events[since].envelope.event_id)


def fire(turn: Turn, changed: Changed) -> None:
    """Let the triggers that watch one of the changed fields answer; the first permitted move is made."""
    state = turn.state
    triggers = turn.view.triggers_on(state.item_type, state.pipeline, changed.new)
    if triggers and state.exists:
        old, new, event_id = changed
        facts.answer(turn, triggers, event_id, lambda t: scope_of(t)._replace(old=old, new=new), event_id)
