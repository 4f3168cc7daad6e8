"""What a connected CRM is told: the new values of whatever automation changed (spec 6.8, design section 2)."""

from __future__ import annotations

from automation.envelope import Recorded, stable_id
from automation.items import events as e
from automation.items.message_effects import WriteBackRequested
from automation.items.turn import Turn
from automation.values import Value

_AUTOMATED = frozenset({"automation_rule", "business_process", "trigger"})
_TOLD = (e.ItemCreated, e.FieldsChanged, e.StageMoved, e.PipelineChanged, e.ResponsibleChanged, e.ProductRowsChanged)


def request(turn: Turn) -> None:
    """Ask for one message to each connected CRM about all that automation did in this turn."""
    connections = turn.view.write_backs
    if not connections:
        return
    done = [r for r in turn.events if r.envelope.source in _AUTOMATED and isinstance(r.event, _TOLD)]
    if not done:
        return
    turn.act("system", "system", "", done[-1].envelope.event_id)
    for connection in connections:
        turn.emit(_request(turn, connection, done))


def _request(turn: Turn, connection: str, done: list[Recorded]) -> WriteBackRequested:
    state, kinds = turn.state, {type(recorded.event) for recorded in done}
    created, moved = e.ItemCreated in kinds, bool(kinds & {e.StageMoved, e.PipelineChanged})
    version = done[-1].envelope.version
    return WriteBackRequested(
        stable_id("write-back", turn.key_text, version, connection), "", connection, version, created,
        state.pipeline if created or moved else "", state.stage if created or moved else "",
        state.responsible if created or e.ResponsibleChanged in kinds else "",
        dict(state.fields) if created else _changed(turn, done),
        state.rows if e.ProductRowsChanged in kinds else None,
    )  # fmt: skip


def _changed(turn: Turn, done: list[Recorded]) -> dict[str, Value]:
    codes = {change.code for r in done if isinstance(r.event, e.FieldsChanged) for change in r.event.changes}
    return {code: turn.state.fields.get(code) for code in sorted(codes)}
