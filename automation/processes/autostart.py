"""Processes that start by themselves when an item is added or changed (spec 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from automation.definitions.compiled_process import CompiledTemplate
from automation.envelope import stable_id
from automation.errors import ChangeRefusedError
from automation.items import effects, events, planning
from automation.items import process_events as p
from automation.items.changed import NOTHING, Changed, changed_since
from automation.items.fields import checked
from automation.items.scope import scope_of
from automation.items.turn import Turn
from automation.processes import engine
from automation.values import Value

Occasion = Literal["add", "change"]

STARTING = ("manual", "incoming_email", "incoming_call", "crm_form", "rest_api", "app")
"""The sources that start processes (spec 5.2)."""
_ALSO: Mapping[Occasion, tuple[str, ...]] = {"add": (), "change": ("trigger",)}
CHANGES = (
    events.FieldsChanged,
    events.ResponsibleChanged,
    events.ObserversChanged,
    events.ProductRowsChanged,
    events.ItemLinked,
    events.ItemUnlinked,
    events.StageMoved,
    events.PipelineChanged,
)
"""What counts as a change of an element (spec 5.2)."""
_NO_VALUES: Mapping[str, Value] = {}


def after_creation(turn: Turn, given: Mapping[str, Value]) -> None:
    """Queue the starts behind the rules of the stage; `given` are start parameters, as `<template>.<code>`."""
    if _starts(turn, "add"):
        _queue(turn, _Start("add", given, NOTHING, turn.actor, turn.source, turn.cause))


def after_change(turn: Turn, before: int, given: Mapping[str, Value] = _NO_VALUES) -> None:
    """Queue the starts of a change, if anything is other than before the events behind the first `before` ones."""
    if _starts(turn, "change") and any(isinstance(recorded.event, CHANGES) for recorded in turn.events[before:]):
        _queue(turn, _Start("change", given, changed_since(turn, before), turn.actor, turn.source, turn.cause))


def _starts(turn: Turn, occasion: Occasion) -> bool:
    if turn.source not in STARTING and turn.source not in _ALSO[occasion]:
        return False
    return bool(turn.view.starting(turn.key.item_type, occasion)) and turn.view.settings.business_processes


class _Start(NamedTuple):
    """What starts processes, with what, and who made it."""

    occasion: Occasion
    given: Mapping[str, Value]
    changed: Changed
    actor: str
    source: str
    cause: str


def _queue(turn: Turn, start: _Start) -> None:
    turn.later(lambda later: _start_all(later, start))


def _start_all(turn: Turn, start: _Start) -> None:
    if not turn.state.exists:
        return
    old, new = start.changed
    for template in turn.view.starting(turn.key.item_type, start.occasion):
        turn.act(start.actor, start.source, "", start.cause)
        if template.holds(scope_of(turn)._replace(old=old, new=new)):
            _start(turn, template, start.occasion, start.given)


def _start(turn: Turn, template: CompiledTemplate, occasion: Occasion, given: Mapping[str, Value]) -> None:
    prefix = f"{template.id}."
    own = {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}
    try:
        params = {code: value for code, value in checked(template.params, own).items() if value is not None}
        lacking = engine.missing_params(template, params)
    except ChangeRefusedError as refused:
        params, lacking = {}, (refused.detail.partition(":")[0].removeprefix("fields."),)
    if lacking:
        _not_started(turn, template, "missing_parameters", ", ".join(lacking))
    elif engine.is_full(turn.view, turn.state):
        _not_started(turn, template, "too_many_processes", "")
    else:
        engine.start(turn, template, params, f"on_{occasion}")


def _not_started(turn: Turn, template: CompiledTemplate, reason: str, detail: str) -> None:
    """Record it, and tell who made the change, else the responsible."""
    turn.emit(p.ProcessNotStarted(template.id, template.version, reason, detail))
    author = turn.actor.removeprefix("user:") if turn.actor.startswith("user:") else turn.state.responsible
    effect_id = stable_id("not_started", turn.key_text, template.id, turn.change_id)
    text = f"The process “{template.model.name or template.id}” did not start: {reason.replace('_', ' ')} {detail}"
    found: list[effects.NotificationRequested] = list(
        planning.told(turn.view, author, effect_id, text.strip(), f"/items/{turn.key_text}")
    )
    for event in found:
        turn.emit(event)
