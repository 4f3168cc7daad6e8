"""The rules of one stage at every definitions version, which a stage entry may have pinned (spec 6.3)."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from automation.definitions.compiled import CompiledRule
from automation.definitions.models import Rule

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView

StageKey = tuple[str, str, str]
"""Item type, pipeline, stage."""


class StageRules:
    """The rules of one stage at every definitions version: a list of what changed when, folded on demand."""

    def __init__(self) -> None:
        self._at: list[int] = []
        self._what: list[tuple[str, Rule | None, int]] = []
        self._folded: dict[int, tuple[CompiledRule, ...]] = {}

    def note(self, version: int, rule_id: str, rule: Rule | None, rule_version: int) -> None:
        """Add one change; `rule` is None where the rule left the stage."""
        self._at.append(version)
        self._what.append((rule_id, rule, rule_version))

    def forget(self) -> None:
        """Compile the rules anew when they are next needed: fields have changed."""
        self._folded.clear()

    def at(self, version: int, view: TenantView) -> tuple[CompiledRule, ...]:
        """Return the stage's active rules in listed order as of a definitions version."""
        upto = bisect_right(self._at, version)
        found = self._folded.get(upto)
        if found is None:
            found = self._folded[upto] = self._fold(upto, view)
        return found

    def _fold(self, upto: int, view: TenantView) -> tuple[CompiledRule, ...]:
        rules: dict[str, tuple[Rule, int]] = {}
        for rule_id, rule, rule_version in self._what[:upto]:
            if rule is None or not rule.runs:
                rules.pop(rule_id, None)
            else:
                rules[rule_id] = (rule, rule_version)
        listed = sorted(rules.values(), key=lambda pair: (pair[0].order, pair[0].id))
        found = (view.rule_version(rule.id, rule_version) for rule, rule_version in listed)
        return tuple(rule for rule in found if rule is not None)
