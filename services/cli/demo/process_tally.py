"""What business processes did, and what people were asked by them, counted from the log of the items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.items import human_events as h
from automation.items import process_events as p


@dataclass(slots=True)
class ProcessTally:
    """Counts, and the processes that are under way."""

    started: Counter[str] = field(default_factory=Counter)
    """By template."""
    not_started: Counter[str] = field(default_factory=Counter)
    """By reason."""
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By template and outcome."""
    asked: Counter[str] = field(default_factory=Counter)
    """Human tasks by kind."""
    decided: Counter[str] = field(default_factory=Counter)
    """Human tasks by decision."""
    incidents: Counter[str] = field(default_factory=Counter)
    """By reason."""
    resolved: int = 0
    """Incidents that somebody decided on."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Templates of the processes that have not ended, by instance."""
    subscribed: set[str] = field(default_factory=set)
    """Runs of steps that wait for what nobody owes them: a stage, a client, a decision of people."""

    def take(self, event: Any) -> bool:
        """Count one event; say whether it is one of processes."""
        count = _COUNTED.get(type(event))
        if count is not None:
            count(self, event)
        return count is not None

    def _started(self, event: p.ProcessStarted) -> None:
        self.started[event.template_id] += 1
        self.waiting[event.instance_id] = event.template_id

    def _not_started(self, event: p.ProcessNotStarted) -> None:
        self.not_started[event.reason] += 1

    def _ended(self, event: p.ProcessEnded) -> None:
        template = self.waiting.pop(event.instance_id, "")
        if template:
            self.ended[template, event.outcome] += 1

    def _step_waits(self, event: p.StepStarted) -> None:
        if event.wakes or not event.deadline:
            self.subscribed.add(event.run_id)

    def _asked(self, event: h.PeopleAsked) -> None:
        self.asked[event.kind] += 1

    def _decided(self, event: h.PeopleDecided) -> None:
        self.decided[event.decision] += 1

    def _raised(self, event: p.IncidentRaised) -> None:
        self.incidents[event.reason] += 1

    def _resolved(self, _event: p.IncidentResolved) -> None:
        self.resolved += 1


_COUNTED: Mapping[type, Callable[[ProcessTally, Any], None]] = {
    p.ProcessStarted: ProcessTally._started,
    p.ProcessNotStarted: ProcessTally._not_started,
    p.ProcessEnded: ProcessTally._ended,
    p.StepStarted: ProcessTally._step_waits,
    p.IncidentRaised: ProcessTally._raised,
    p.IncidentResolved: ProcessTally._resolved,
    h.PeopleAsked: ProcessTally._asked,
    h.PeopleDecided: ProcessTally._decided,
}
