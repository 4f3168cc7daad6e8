"""The values in view of an item's conditions and insertions (spec 1.6, 1.9)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.items.turn import Turn
from automation.scope import Scope
from automation.values import Value

_NOTHING: Mapping[str, Mapping[str, Value]] = {}


def scope_of(turn: Turn, related: Mapping[str, Mapping[str, Value]] = _NOTHING) -> Scope:
    """Return the values of the item as it is now; `related` are the fields of a record that came with a fact."""
    state, view = turn.state, turn.view
    pipeline = view.pipelines.get((state.item_type, state.pipeline))
    system: dict[str, Value] = {
        "id": state.item_id, "item_type": state.item_type, "pipeline": state.pipeline, "stage": state.stage,
        "responsible": state.responsible, "creator": state.creator, "observers": state.observers,
        "source": turn.source,
    }  # fmt: skip
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
    )
