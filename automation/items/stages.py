"""Stage entries: what they stop, and who else is told; the rules of the entered stage follow (spec 1.2, 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from automation.definitions.compiled import CompiledRule
from automation.items import activities, invoices, waiters
from automation.items import events as e
from automation.items.evolve import HOUR_MS
from automation.items.state import ItemState, run_id_of
from automation.items.turn import CHAIN_LIMIT, Turn

Then = Callable[[Turn], None] | None
"""What the change that moves the item sets going besides: after what it stops, before the rules of the stage."""


MOVES_PER_HOUR = 50
"""Automated stage moves of one item within an hour that the loop guard lets pass (spec 6.1)."""


def loops(turn: Turn) -> bool:
    """Say whether one more automated stage entry would be one too many (spec 6.1)."""
    recent = [moment for moment in turn.state.moves if moment > turn.now - HOUR_MS]
    return len(recent) >= MOVES_PER_HOUR or turn.depth >= CHAIN_LIMIT


def enter(turn: Turn, to_stage: str, *, automated: bool, quiet: bool = False, then: Then = None) -> None:
    """Enter another stage of the same pipeline; the caller queues the rules of it."""
    open_rules = unfinished(turn)
    state = turn.state
    moved = turn.emit(e.StageMoved(state.stage, to_stage, state.entry + 1, automated, quiet))
    _entered(turn, open_rules, moved.envelope.event_id, then)


def enter_pipeline(turn: Turn, to_pipeline: str, to_stage: str, *, automated: bool, quiet: bool, then: Then) -> None:
    """Enter a stage of another pipeline; the caller queues the rules of it."""
    open_rules = unfinished(turn)
    state = turn.state
    moved = turn.emit(
        e.PipelineChanged(state.pipeline, to_pipeline, state.stage, to_stage, state.entry + 1, automated, quiet)
    )
    _entered(turn, open_rules, moved.envelope.event_id, then)


def _entered(turn: Turn, open_rules: tuple[CompiledRule, ...], cause: str, then: Then) -> None:
    """Stop what belongs to the left stage, and let the change and those who wait for the entered one go on."""
    if turn.state.activities:
        activities.on_status_changed(turn)
    left = turn.state.entry - 1
    if open_rules:
        turn.later(lambda t: cancel(t, open_rules, left, "stage_left", cause))
    if then:
        turn.later(then)
    if turn.state.waiters:
        waiters.on_stage(turn)
    turn.later(invoices.on_stage_entered)


def unfinished(turn: Turn) -> tuple[CompiledRule, ...]:
    """Return the rules of the current stage that have not begun or are delayed; a running one finishes (spec 6.3)."""
    state, stage = turn.state, (turn.state.item_type, turn.state.pipeline, turn.state.stage)
    pinned = () if state.quiet else turn.view.rules(stage, state.entry_definitions)
    listed = tuple(rule for rule in pinned if rule.id not in state.ended and not _running(state, rule))
    return (*listed, *_enrolled(turn, listed)) if state.runs else listed


def _enrolled(turn: Turn, listed: tuple[CompiledRule, ...]) -> Iterator[CompiledRule]:
    """Yield the delayed rules that are not listed at their stage entry: the item was enrolled in them later."""
    names, entry = {rule.id for rule in listed}, turn.state.entry
    for run in turn.state.runs.values():
        if run.status == "delayed" and run.entry == entry and run.rule_id not in names:
            rule = turn.view.rule_version(run.rule_id, run.rule_version)
            if rule is not None:
                yield rule


def _running(state: ItemState, rule: CompiledRule) -> bool:
    run = state.runs.get(run_id_of(state, rule.id, state.entry)) if state.runs else None
    return run is not None and run.status == "running"


def cancel(turn: Turn, rules: tuple[CompiledRule, ...], entry: int, cause: str, cause_id: str) -> None:
    """Record that rules will not run."""
    for rule in rules:
        turn.act(f"rule:{rule.id}", "automation_rule", "", cause_id)
        run_id = run_id_of(turn.state, rule.id, entry)
        turn.emit(e.RuleRunCancelled(run_id, rule.id, rule.version, entry, cause))
