"""Fold what happens to an item before it exists; what a released event means never changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from automation.envelope import Envelope
from automation.items import admission_events as ad
from automation.items.admission_state import Held

if TYPE_CHECKING:
    from automation.items.state import ItemState

Patch = dict[str, Any]


def _held(state: ItemState, env: Envelope, event: ad.ChangeHeld) -> Patch:
    one = Held(env.event_id, env.change_id, env.source, env.actor, env.root_id, env.depth, event.change)
    return {
        "tenant": env.tenant, "item_type": env.item_type, "item_id": env.item_id, "deleted": True,
        "held": (*state.held, one), "asked": event.asked or state.asked, "refused": False,
    }  # fmt: skip


def _admitted(state: ItemState, env: Envelope, event: ad.CreationAdmitted) -> Patch:
    return {"held": (), "asked": ()}


def _refused(state: ItemState, env: Envelope, event: ad.CreationRefused) -> Patch:
    return {"held": (), "asked": (), "deleted": True, "refused": True}


def _nothing(state: ItemState, env: Envelope, event: Any) -> Patch:
    return {}


def answered(state: ItemState, effect_id: str) -> Patch:
    """Note that a question to the exceptions list was answered."""
    return {"asked": tuple(name for name in state.asked if name != effect_id)} if effect_id in state.asked else {}


FOLDS: Mapping[type, Callable[[ItemState, Envelope, Any], Patch]] = {
    ad.ChangeHeld: _held,
    ad.CreationAdmitted: _admitted,
    ad.CreationRefused: _refused,
    ad.HeldChangeRefused: _nothing,
}
