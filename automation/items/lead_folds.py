"""Fold what happens to leads into an item's state; what a released event means never changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from automation.envelope import Envelope
from automation.items.lead_events import LeadMarkedRepeat

if TYPE_CHECKING:
    from automation.items.state import ItemState


def _repeat(state: ItemState, env: Envelope, event: LeadMarkedRepeat) -> dict[str, Any]:
    return {"repeat": True}


FOLDS: Mapping[type, Callable[[ItemState, Envelope, Any], dict[str, Any]]] = {LeadMarkedRepeat: _repeat}
