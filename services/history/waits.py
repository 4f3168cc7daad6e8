"""What became of the waits in a timeline: each is open until the step that noted it ends (spec 4.9, 6.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from automation.envelope import Recorded
from automation.items import process_events as p

WAIT = "wait"
_ENDED_BY: Mapping[type, str] = {
    p.StepCompleted: "", p.StepSkipped: "reason", p.StepFailed: "reason", p.StepCancelled: "cause",
}  # fmt: skip
TOLD_BY = frozenset(kind.__name__ for kind in _ENDED_BY)
"""Names of the classes that close a wait."""


class WaitFates:
    """Says of some waits when they were over, and why."""

    def __init__(self, run_ids: Iterable[str]) -> None:
        self._facts: dict[str, dict[str, Any]] = {
            run_id: {"open": True, "closed_at": None, "closed_by": ""} for run_id in run_ids
        }

    def take(self, recorded: Recorded) -> None:
        """Take the end of a step; one that waited for nothing that is shown is none of ours."""
        env, event = recorded
        facts = self._facts.get(event.run_id)
        if facts is not None and facts["open"]:
            name = _ENDED_BY[type(event)]
            told = getattr(event, name) if name else event.results.get("ended_by", "")
            facts |= {"open": False, "closed_at": env.recorded_at, "closed_by": told}

    def of(self, run_id: str) -> Mapping[str, Any]:
        """Return `open`, `closed_at` and `closed_by`: what ended the wait, or a reason code."""
        return self._facts[run_id]
