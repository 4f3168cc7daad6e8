"""What a change of fields sets going: delays that follow a date, and triggers on field changes (spec 1.4, 2.3)."""

from __future__ import annotations

from collections.abc import Callable

from automation.definitions.compiled import FIELD_CHANGED
from automation.items import facts, runs
from automation.items.changed import Changed, changed_since
from automation.items.scope import scope_of
from automation.items.turn import Turn

AUTOMATION = ("automation_rule", "business_process", "trigger", "system")
"""Sources whose changes fire no trigger on field changes."""


def after_save(turn: Turn, since: int, pipeline: str, *, quiet: bool) -> Callable[[Turn], None] | None:
    """Return what the save whose events begin at `since` sets going; None where nothing watches or waits."""
    silent = quiet or turn.source in AUTOMATION
    watched = not silent and turn.view.triggers(turn.key.item_type, pipeline, FIELD_CHANGED)
    waits = bool(turn.state.runs) and any(run.follows for run in turn.state.runs.values())
    if not (watched or waits) or len(turn.events) == since:
        return None
    changed, event_id = changed_since(turn, since), turn.events[since].envelope.event_id
    actor, source = turn.actor, turn.source

    def work(later: Turn) -> None:
        runs.follow_dates(later, changed.new)
        if watched:
            later.act(actor, source, "", event_id)
            fire(later, changed, event_id)

    return work


def fire(turn: Turn, changed: Changed, event_id: str) -> None:
    """Let the triggers that watch one of the changed fields answer the event; the first permitted move is made."""
    state = turn.state
    triggers = turn.view.triggers_on(state.item_type, state.pipeline, changed.new)
    if triggers and state.exists:
        old, new = changed
        facts.answer(turn, triggers, event_id, lambda t: scope_of(t)._replace(old=old, new=new), event_id)
