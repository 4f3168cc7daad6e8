"""Rule runs: turns, delays, conditions, plans, answers (spec 1.4, 6.1, 6.2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from automation.definitions.arguments import Problem
from automation.definitions.compiled import CompiledRule
from automation.items import delays, failures, stages
from automation.items import events as e
from automation.items.evolve import INACTIVE
from automation.items.scope import scope_of
from automation.items.sizes import exceeding, is_too_large
from automation.items.state import ItemState, Run, run_id_of
from automation.items.turn import Turn
from automation.plan import Answer, Call, Completed, Context, Failed, Plan, Skipped, Wait
from automation.scope import Scope

DEADLINE_MS = 3_600_000
"""How long a step waits for the outcomes of its calls: longer than all tries of the notifier."""

_NO_ANSWERS: Mapping[str, Answer] = {}
Made = TypeVar("Made")


def advance(turn: Turn) -> None:
    """Begin every rule of the current stage whose turn has come."""
    state = turn.state
    if state.quiet or not state.exists:
        return
    rules = turn.view.rules((state.item_type, state.pipeline, state.stage), state.entry_definitions)
    entry, previous_ended = state.entry, True
    for rule in rules:
        if turn.state.entry != entry or turn.state.deleted:
            return
        if rule.id not in turn.state.ended:
            run_id = run_id_of(turn.state, rule.id, entry)
            if run_id not in turn.state.runs and (previous_ended or rule.parallel):
                begin(turn, rule, run_id)
        previous_ended = rule.id in turn.state.ended


def begin(turn: Turn, rule: CompiledRule, run_id: str) -> None:
    """Give a rule its turn: it runs, waits for its delay, or is cancelled because it is inactive by now."""
    state = turn.state
    turn.act(f"rule:{rule.id}", "automation_rule", "", state.entry_cause)
    if not turn.view.rule_active(rule.id):
        turn.emit(e.RuleRunCancelled(run_id, rule.id, rule.version, state.entry, INACTIVE))
    elif rule.delay:
        _delay(turn, rule, run_id)
    else:
        perform(turn, rule, run_id, state.entry)


def _delay(turn: Turn, rule: CompiledRule, run_id: str) -> None:
    """Let a rule wait; one whose moment is already past runs at once."""
    run, due = (run_id, rule.id, rule.version, turn.state.entry), delays.due_of(turn, rule.delay)
    if due is None:
        _fail(turn, run, delays.NO_MOMENT)
    elif delays.NOT_YET < due <= turn.now:
        perform(turn, rule, run_id, turn.state.entry)
    else:
        turn.emit(e.RuleRunDelayed(*run, due, delays.follows(rule.delay)))


def follow_dates(turn: Turn, changed: Collection[str]) -> None:
    """Move the delays that follow one of these fields; one whose moment is past by now is over."""
    for run in tuple(turn.state.runs.values()):
        if run.follows and run.follows in changed and run.status == "delayed":
            _follow(turn, run)


def _follow(turn: Turn, run: Run) -> None:
    rule = _rule_of(turn, run)
    due = delays.due_of(turn, rule.delay) if rule else run.due
    if due == run.due:
        return
    turn.act("system", "system", "", turn.cause)
    named = (run.run_id, run.rule_id, run.rule_version, run.entry)
    if due is None:
        _fail(turn, named, delays.NO_MOMENT)
        turn.later(advance)
        return
    past = delays.NOT_YET < due <= turn.now
    turn.emit(e.RuleRunRescheduled(*named, turn.now if past else due))
    if past:
        on_delay_over(turn, run)


def perform(turn: Turn, rule: CompiledRule, run_id: str, entry: int) -> None:
    """Judge a rule's condition, ask its plan, and record what comes of it; a dry run does the same."""
    scope = scope_of(turn)
    plan = rule.check(scope) or _asked(turn, rule, run_id, scope, _NO_ANSWERS)
    _settle(turn, rule, run_id, entry, plan)


def tried(work: Callable[[], Made]) -> Made | None:
    """Return what the work of one rule or step makes; None for a defect.

    It ends this step alone, and the fact that started it stands (design section 2).
    """
    try:
        return work()
    except Exception:  # noqa: BLE001 - the one place of the core where a defect is caught
        return None


def _asked(turn: Turn, rule: CompiledRule, run_id: str, scope: Scope, answers: Mapping[str, Answer]) -> Plan:
    return tried(lambda: _planned(turn, rule, run_id, scope, answers)) or Failed("internal_error")


def _planned(turn: Turn, rule: CompiledRule, run_id: str, scope: Scope, answers: Mapping[str, Answer]) -> Plan:
    params = rule.params(scope)
    if isinstance(params, Problem):
        return Failed(params.reason)
    context = Context(turn.state, turn.key, turn.view, turn.now, run_id, answers)
    return rule.plan(context, params)


def _settle(turn: Turn, rule: CompiledRule, run_id: str, entry: int, plan: Plan) -> None:
    """Record what a plan does; one that does too much fails, and the fact that started it stands."""
    run, before, count = (run_id, rule.id, rule.version, entry), turn.state, len(turn.events)
    _record(turn, run, plan)
    reason = flaw(turn, before, count)
    if reason:
        turn.undo(before, count)
        _fail(turn, run, reason)
    elif isinstance(plan, Completed) and plan.to_stage not in ("", turn.state.stage):
        turn.depth += 1
        stages.enter(turn, plan.to_stage, automated=True)
        turn.later(advance)


def flaw(turn: Turn, before: ItemState, count: int) -> str:
    """Return why the events after the first `count` cannot be kept; empty if they can."""
    try:
        room = exceeding(turn.events[count:], turn.room)
        if room < 0 or is_too_large(before, turn.state, growth=turn.room - room):
            return "item_too_large"
    except OverflowError:
        return "internal_error"
    turn.room = room
    return ""


def _record(turn: Turn, run: tuple[str, str, int, int], plan: Plan) -> None:
    match plan:
        case Completed(results, events, notes, on_behalf_of):
            if on_behalf_of:
                turn.act(turn.actor, turn.source, on_behalf_of, turn.cause)
            for event in events:
                local(turn, event)
            turn.emit(e.RuleRunCompleted(*run, results, notes))
        case Skipped(reason):
            turn.emit(e.RuleRunSkipped(*run, reason))
        case Failed(reason, events):
            for event in events:
                local(turn, event)
            _fail(turn, run, reason)
        case Call(effects, events, patience, _):
            _wait(turn, run, turn.now + DEADLINE_MS + patience, bool(patience))
            for event in (*events, *effects):
                local(turn, event)
        case Wait():
            _fail(turn, run, "internal_error")


def _wait(turn: Turn, run: tuple[str, str, int, int], deadline: int, own_deadline: bool) -> None:
    """Let the rule wait for answers; calls with a deadline of their own move that of a rule which waits already."""
    open_run = turn.state.runs.get(run[0])
    if open_run is None or open_run.status != "running":
        turn.emit(e.RuleRunStarted(*run, deadline))
    elif own_deadline:
        turn.emit(e.RuleRunRescheduled(*run, deadline))


def _fail(turn: Turn, run: tuple[str, str, int, int], reason: str) -> None:
    turn.emit(e.RuleRunFailed(*run, reason))
    failures.tell(turn, run[1], run[2], reason)


def local(turn: Turn, event: Any) -> None:
    """Record what a step does; a date that it changes moves the delays that follow it, of other rules too."""
    turn.emit(event)
    if isinstance(event, e.FieldsChanged) and turn.state.runs:
        changed = frozenset(row.code for row in event.changes)
        turn.later(lambda t: follow_dates(t, changed))


def _rule_of(turn: Turn, run: Run) -> CompiledRule | None:
    return turn.view.rule_version(run.rule_id, run.rule_version)


def on_delay_over(turn: Turn, run: Run) -> None:
    """Run a rule whose delay has elapsed, as it was when the stage was entered."""
    rule = _rule_of(turn, run)
    turn.act(f"rule:{run.rule_id}", "automation_rule", "", run.cause_id)
    if rule is None or not turn.view.rule_active(run.rule_id):
        turn.emit(e.RuleRunCancelled(run.run_id, run.rule_id, run.rule_version, run.entry, INACTIVE))
    else:
        perform(turn, rule, run.run_id, run.entry)
    turn.later(advance)


def on_answered(turn: Turn, run_id: str) -> None:
    """Ask the plan again when the last awaited answer is there."""
    run = turn.state.runs.get(run_id)
    if run is None or run.awaiting:
        return
    turn.depth, turn.root = run.depth, run.root_id
    rule = _rule_of(turn, run)
    turn.act(f"rule:{run.rule_id}", "automation_rule", "", run.cause_id)
    plan = Failed("internal_error") if rule is None else _asked(turn, rule, run_id, scope_of(turn), run.answers)
    if rule is None:
        _fail(turn, (run.run_id, run.rule_id, run.rule_version, run.entry), "internal_error")
    else:
        _settle(turn, rule, run_id, run.entry, plan)
    turn.later(advance)


def on_deadline(turn: Turn, run: Run) -> None:
    """End the waiting for answers that never came: their fate is unknown (design section 2)."""
    for effect_id in run.awaiting:
        turn.act("system", "system", "", run.cause_id)
        turn.emit(e.EffectAnswered(effect_id, run.run_id, "failed", "delivery_unknown", {}, 0))
    turn.later(lambda t: on_answered(t, run.run_id))
