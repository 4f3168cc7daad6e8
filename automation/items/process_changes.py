"""What people and platforms ask of business processes of an item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from automation.values import Value


@dataclass(frozen=True, slots=True)
class StartProcess:
    """Start a template on the item, with the values of the form (spec 1.8)."""

    template_id: str
    params: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ControlProcess:
    """Stop, pause or resume an instance; retry or skip a step; set variables."""

    instance_id: str
    action: str
    """`stop`, `pause`, `resume`, `retry`, `skip`, `set`."""
    place: str = ""
    """Of the step to retry or skip."""
    variables: Mapping[str, Value] | None = None
    reason: str = ""
