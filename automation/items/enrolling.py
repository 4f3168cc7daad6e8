"""Enrolment of an item in a rule that it had not met when it entered its stage (spec 6.1: each run has one key)."""

from __future__ import annotations

from automation.definitions.models import Rule
from automation.definitions.tenant_view import TenantView
from automation.items import changes as c
from automation.items import events as e
from automation.items import runs
from automation.items.state import ItemState, run_id_of
from automation.items.turn import Turn


def enrol(turn: Turn, change: c.EnrolItem) -> None:
    """Give the rule its turn now, whatever else runs in the stage; or record why it has none.

    The run's key is that of the rule in this stage entry: enrolling again, or in another version, runs nothing twice.
    """
    refused = refusal(turn.view, turn.state, change.rule_id, change.rule_version)
    rule = turn.view.rule_version(change.rule_id, change.rule_version)
    if refused or rule is None:
        turn.emit(e.ChangeSeen(refused or "rule_changed"))
        return
    run_id = run_id_of(turn.state, rule.id, turn.state.entry)
    turn.emit(e.RuleEnrolled(run_id, rule.id, rule.version, turn.state.entry, change.enrolment_id, change.by))
    runs.begin(turn, rule, run_id)


def refusal(view: TenantView, state: ItemState, rule_id: str, version: int) -> str:
    """Return why an item cannot be enrolled in a rule now, as a reason code; empty if it can.

    `rule_changed`, `rule_inactive`, `not_in_stage`, `already_run` (or begun) in this stage entry, or `has_its_turn`:
    the rule was there when the item entered the stage, and runs after those before it.
    """
    rule = view.current.get(("rule", rule_id))
    if not isinstance(rule, Rule) or view.version_in_force("rule", rule_id) != version:
        return "rule_changed"
    if not view.rule_active(rule_id):
        return "rule_inactive"
    stage = (state.item_type, state.pipeline, state.stage)
    if not state.exists or stage != (rule.item_type, rule.pipeline, rule.stage):
        return "not_in_stage"
    if run_id_of(state, rule_id, state.entry) in state.runs:
        return "already_run"
    if rule_id in state.ended:
        return "" if rule_id in state.inactive else "already_run"
    pinned = () if state.quiet else view.rules(stage, state.entry_definitions)
    return "has_its_turn" if any(found.id == rule_id for found in pinned) else ""
