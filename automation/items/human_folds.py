"""Fold what is said of people that are asked: nothing of it changes the item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from automation.envelope import Envelope
from automation.items import human_events as h


def _nothing(state: Any, env: Envelope, event: Any) -> dict[str, Any]:
    return {}


FOLDS: Mapping[type, Callable[[Any, Envelope, Any], dict[str, Any]]] = {
    h.PeopleAsked: _nothing,
    h.PeopleDecided: _nothing,
}
