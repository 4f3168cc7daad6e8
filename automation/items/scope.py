"""The values in view of an item's conditions and insertions (spec 1.6, 1.9)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.definitions.tenant_view import TenantView
from automation.items.state import ItemState
from automation.items.turn import Turn
from automation.scope import Scope
from automation.values import Value

_NOTHING: Mapping[str, Mapping[str, Value]] = {}


def system_of(state: ItemState) -> dict[str, Value]:
    """Return the values of the fields that every item has."""
    return {
        "id": state.item_id, "item_type": state.item_type, "pipeline": state.pipeline, "stage": state.stage,
        "responsible": state.responsible, "creator": state.creator, "observers": state.observers,
        "created_at": state.created_at or None,
    }  # fmt: skip


def list_of(state: ItemState, view: TenantView, code: str) -> Value:
    """Return one of `LISTS`, or the item's own field that hides it."""
    if code in view.fields(state.item_type):
        return state.fields.get(code)
    return state.orders if code == "orders" else tuple(row.row_id for row in state.rows)


def scope_of(turn: Turn, related: Mapping[str, Mapping[str, Value]] = _NOTHING) -> Scope:
    """Return the values of the item as it is now; `related` are the fields of a record that came with a fact."""
    state, view = turn.state, turn.view
    system = system_of(state)
    system["source"] = turn.source
    pipeline = view.pipelines.get((state.item_type, state.pipeline))
    return Scope(
        fields=state.fields,
        system=system,
        now=turn.now,
        zone=view.zone,
        rates=view.rates,
        results=state.results,
        constants=pipeline.constants if pipeline else {},
        related=related,
        name_of=view.name_of,
        lists=lambda code: list_of(state, view, code),
    )
