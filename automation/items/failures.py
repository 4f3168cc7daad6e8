"""Tell the responsible that a rule failed: once per rule, item and hour, in words (spec 6.2)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.envelope import stable_id
from automation.items import alert_events, effects
from automation.items.evolve import HOUR_MS
from automation.items.planning import title_of
from automation.items.turn import Turn
from automation.values import Personal

LOOP = "loop_detected"
"""Told even where failures are not: automation has stopped, and that is not seen otherwise (spec 6.1)."""
_WORDS: Mapping[str, str] = {
    "delivery": "it could not be delivered, however often it was tried",
    "delivery_unknown": "no answer came in time; whether it was done is not known",
    "internal_error": "a defect of the automation",
    "item_too_large": "the item would have become too large",
    "loop_detected": "it kept starting itself",
    "no_email_address": "there is no e-mail address to write to",
    "no_phone": "there is no phone number to write to",
    "no_provider": "the provider is not connected",
    "no_recipient": "there is nobody to receive it",
    "resource_busy": "somebody of those to be booked is busy at that time",
    "no_sender_address": "there is no address to send from",
    "loop_limit": "a loop went round too often",
    "timeout": "it took longer than it may",
}
_OF_PARAMETER: Mapping[str, str] = {
    "missing_value": "“{}” has no value",
    "invalid_value": "the value of “{}” does not fit",
}


def tell(turn: Turn, rule_id: str, rule_version: int, reason: str) -> None:
    """Notify the responsible of a failure that was just recorded, unless told of this rule within the hour."""
    state = turn.state
    if not state.responsible or not (turn.view.settings.failure_alerts or reason == LOOP):
        return
    if state.told.get(rule_id, -HOUR_MS) > turn.now - HOUR_MS:
        return
    effect_id = stable_id("failure", turn.key_text, state.version, rule_id)
    text = f"{title_of(turn.state)}: {_named(turn, rule_id, rule_version)} failed: {words(reason)} ({reason})."
    turn.emit(alert_events.RuleFailureTold(rule_id, reason))
    turn.emit(
        effects.NotificationRequested(
            effect_id, "", state.responsible, "system", Personal(text), f"/items/{turn.key_text}"
        )
    )


def _named(turn: Turn, rule_id: str, version: int) -> str:
    """Return a rule by its name; a step, `<template>/<step>`, by its title and that of its process."""
    template_id, slash, step_id = rule_id.partition("/")
    template = turn.view.template_version(template_id, version) if slash else None
    if template is not None:
        step = template.steps.get(step_id)
        title = (step and step.model.title) or step_id
        return f"the step “{title}” of the process “{template.model.name or template_id}”"
    rule = turn.view.rule_version(rule_id, version)
    return f"the rule “{(rule and rule.name) or rule_id}”"


def words(reason: str) -> str:
    """Return a reason code in words."""
    code, _, parameter = reason.partition(":")
    if parameter and code in _OF_PARAMETER:
        return _OF_PARAMETER[code].format(parameter)
    return _WORDS.get(code) or code.replace("_", " ")
