"""Dry runs and effects as plain data for people: texts about people can be masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from automation.conditions import GroupTrace, Trace
from automation.conditions.model import Members
from automation.dry_run import DryRun
from automation.items.state import ItemState
from automation.values import Money, Personal

MASK = "•••"
_SHORTEST = 3
"""Characters of a personal text that is looked for inside others: shorter ones stand everywhere."""
_IDS = frozenset({"run_id", "effect_id"})


class Shower:
    """Turns values of the core into plain data; with `secrets`, texts that hold one of them are masked."""

    def __init__(self, secrets: Iterable[str] | None = None) -> None:
        self._masks = secrets is not None
        self._secrets = [text for text in secrets or () if len(text) >= _SHORTEST]

    def plain(self, value: Any) -> Any:
        """Return a value as JSON knows it."""
        if isinstance(value, Personal):
            return MASK if self._masks and value.text else value.text
        if isinstance(value, str):
            return MASK if any(secret in value for secret in self._secrets) else value
        if isinstance(value, Money):
            return {"minor": value.minor, "currency": value.currency}
        if isinstance(value, Members):
            return self.plain(value.values)
        if isinstance(value, Mapping):
            return {str(name): self.plain(part) for name, part in value.items()}
        if isinstance(value, list | tuple | frozenset) and not hasattr(value, "_asdict"):
            return [self.plain(part) for part in value]
        return self._record(value)

    def _record(self, value: Any) -> Any:
        if hasattr(value, "_asdict"):
            return self.plain(value._asdict())
        if is_dataclass(value):
            return {field.name: self.plain(getattr(value, field.name)) for field in fields(value)}
        return value

    def event(self, event: Any) -> dict[str, Any]:
        """Return an event or effect with its type and without ids, which differ from run to run."""
        body = {field.name: self.plain(getattr(event, field.name)) for field in fields(event)}
        kind = getattr(event, "CHANNEL", "") or type(event).__name__
        return {"type": kind, **{name: part for name, part in body.items() if name not in _IDS}}

    def trace(self, trace: Trace) -> dict[str, Any]:
        """Return a condition with the verdict of each part; a leaf has the values that it met."""
        if isinstance(trace, GroupTrace):
            return {trace.mode: [self.trace(part) for part in trace.parts], "holds": trace.verdict}
        named = {"reads": ":".join(trace.reference), "op": trace.op, "actual": self.plain(trace.actual)}
        return {**named, "expected": self.plain(trace.expected), "holds": trace.verdict, "note": trace.note}

    def dry_run(self, found: DryRun) -> dict[str, Any]:
        """Return a dry run."""
        return {
            "rule_id": found.rule_id, "rule_version": found.rule_version, "outcome": found.outcome,
            "reason": found.reason, "due": found.due, "condition": self.trace(found.condition),
            "params": self.plain(found.params), "results": self.plain(found.results),
            "events": [self.event(event) for event in found.events],
            "effects": [self.event(effect) for effect in found.effects], "refusal": found.refusal,
        }  # fmt: skip


def secrets_of(state: ItemState) -> tuple[str, ...]:
    """Return the personal texts of an item."""
    held = (*state.fields.values(), *state.results.values())
    return tuple(value.text for value in held if isinstance(value, Personal))
