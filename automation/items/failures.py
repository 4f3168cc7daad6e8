"""Tell the responsible that a rule failed: once per rule, item and hour, in words (spec 6.2)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.envelope import stable_id
from automation.items import alert_events, effects
from automation.items.evolve import HOUR_MS
from automation.items.turn import Turn
from automation.values import Personal, plain

LOOP = "loop_detected"
"""Told even where failures are not: automation has stopped, and that is not seen otherwise (spec 6.1)."""
_LONGEST_TITLE = 200
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
    "no_sender_address": "there is no address to send from",
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
    rule = turn.view.rule_version(rule_id, rule_version)
    text = f"{_title(turn)}: the rule “{(rule and rule.name) or rule_id}” failed: {words(reason)} ({reason})."
    turn.emit(alert_events.RuleFailureTold(rule_id, reason))
    turn.emit(
        effects.NotificationRequested(
            effect_id, "", state.responsible, "system", Personal(text), f"/items/{turn.key_text}"
        )
    )


def words(reason: str) -> str:
    """Return a reason code in words."""
    code, _, parameter = reason.partition(":")
    if parameter and code in _OF_PARAMETER:
        return _OF_PARAMETER[code].format(parameter)
    return _WORDS.get(code) or code.replace("_", " ")


def _title(turn: Turn) -> str:
    title = turn.state.fields.get("title")
    return str(plain(title))[:_LONGEST_TITLE] if title else turn.state.item_id
