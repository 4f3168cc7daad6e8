"""Events about who was told of what went wrong (spec 6.2: failures are visible to the responsible)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleFailureTold:
    """The responsible is told that a rule failed: not again for this rule within the hour."""

    rule_id: str
    reason: str
