"""Payment facts, triggers and the alert of the responsible person (spec 1.5, 1.11, 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from automation.definitions.compiled import CompiledTrigger
from automation.envelope import stable_id
from automation.items import effects, entering, stages
from automation.items import events as e
from automation.items.evolve import HOUR_MS
from automation.items.planning import title_of
from automation.items.scope import scope_of
from automation.items.turn import Turn
from automation.money import amount_text
from automation.people import one_of
from automation.processes import autostart
from automation.scope import Scope
from automation.values import Money, Personal, Value


def fire(turn: Turn, fact: str, fact_id: str, amount: Money, invoice: Mapping[str, Value]) -> None:
    """Let the triggers that watch a fact answer it; the first permitted move is made, and payments are announced."""
    state = turn.state
    if not state.exists or turn.source == "system":
        return
    triggers = turn.view.triggers(state.item_type, state.pipeline, fact)
    matched = answer(turn, triggers, fact_id, lambda t: scope_of(t, {"invoice": invoice}))
    if matched is not None and matched.payment:
        _announce(turn, fact, fact_id, amount)


def answer(
    turn: Turn, triggers: Iterable[CompiledTrigger], fact_id: str, scope: Callable[[Turn], Scope], cause: str = ""
) -> CompiledTrigger | None:
    """Let triggers answer a fact in order until one moves the item; return the last whose condition held.

    `cause` is the event that says the fact, the last one if empty. A trigger behind a kill switch is passed over.
    """
    matched = None
    for trigger in triggers:
        if not trigger.holds(scope(turn)):
            continue
        if turn.view.stopped_by("trigger", trigger.id):
            _skip(turn, trigger, fact_id, "trigger_inactive", cause)
            continue
        matched = trigger
        if _answer(turn, trigger, fact_id, cause):
            break
    return matched


def _act(turn: Turn, trigger: CompiledTrigger, cause: str) -> None:
    """Attribute what follows to the employee that the trigger names, as the item's roles stand now (spec 1.5, 6.4)."""
    author = one_of(trigger.on_behalf_of, turn.view.directory, turn.state.roles)
    turn.act(f"trigger:{trigger.id}", "trigger", author, cause or turn.events[-1].envelope.event_id)


def _skip(turn: Turn, trigger: CompiledTrigger, fact_id: str, reason: str, cause: str) -> None:
    _act(turn, trigger, cause)
    turn.emit(e.TriggerSkipped(trigger.id, trigger.version, fact_id, reason))


def _answer(turn: Turn, trigger: CompiledTrigger, fact_id: str, cause: str = "") -> bool:
    state, view = turn.state, turn.view
    pipeline = view.pipelines[state.item_type, state.pipeline]
    if state.stage == trigger.stage:
        return False
    backwards = pipeline.has(state.stage) and pipeline.rank(trigger.stage) < pipeline.rank(state.stage)
    if backwards and not trigger.allow_previous_stage:
        reason = "previous_stage_not_allowed"
    else:
        reason = "loop_detected" if stages.loops(turn) else ""
    _act(turn, trigger, cause)
    if reason:
        told = state.alerted_at and state.alerted_at > turn.now - HOUR_MS
        warn = reason == "loop_detected" and not told
        turn.emit(e.TriggerSkipped(trigger.id, trigger.version, fact_id, reason))
        if warn:
            _warn(turn, trigger, fact_id)
        return reason == "loop_detected"
    turn.emit(e.TriggerFired(trigger.id, trigger.version, fact_id, trigger.stage))
    turn.depth += 1
    before = len(turn.events)
    entering.move(turn, trigger.stage, automated=True)
    autostart.after_change(turn, before)
    return True


def _notify(turn: Turn, fact_id: str, text: str) -> None:
    state = turn.state
    if state.responsible:
        effect_id = stable_id("alert", turn.key_text, fact_id)
        turn.emit(
            effects.NotificationRequested(
                effect_id, "", state.responsible, "system", Personal(text), f"/items/{turn.key_text}"
            )
        )


def _warn(turn: Turn, trigger: CompiledTrigger, fact_id: str) -> None:
    text = f"{title_of(turn.state)}: automation was stopped, since it keeps moving this item (trigger {trigger.id})."
    _notify(turn, f"loop:{fact_id}", text)


def _announce(turn: Turn, fact: str, fact_id: str, amount: Money) -> None:
    pipeline = turn.view.pipelines[turn.state.item_type, turn.state.pipeline]
    stage = next((s.title for s in pipeline.stages if s.id == turn.state.stage), turn.state.stage)
    what = "invoice" if fact == "invoice_paid" else "payment"
    turn.act("system", "system", "", turn.events[-1].envelope.event_id)
    _notify(
        turn,
        fact_id,
        f"{title_of(turn.state)}: {what} of {amount_text(amount)} {amount.currency} was paid. Stage: {stage}.",
    )
