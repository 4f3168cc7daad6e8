"""What the automation did, counted from the logs: pure, so that the figures are those of the events themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from automation.envelope import Key, Recorded
from automation.items import alert_events, effects
from automation.items import events as e
from automation.payments import events as p
from automation.records.loading import record_types
from automation.records.types.exception.ids import IS_LISTED
from services.cli.demo.process_tally import ProcessTally

_OUTCOMES: dict[type, str] = {
    e.RuleRunCompleted: "completed", e.RuleRunSkipped: "skipped", e.RuleRunFailed: "failed",
    e.RuleRunCancelled: "cancelled",
}  # fmt: skip


@dataclass(slots=True)
class Tally:
    """Counts, and what is still open: calls without an answer."""

    events: int = 0
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By outcome and reason."""
    fired: Counter[str] = field(default_factory=Counter)
    """Moves by trigger."""
    held: Counter[str] = field(default_factory=Counter)
    """Triggers that did not move the item, by reason."""
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Answered calls by kind of request and status."""
    payments: Counter[str] = field(default_factory=Counter)
    """Events of the payments log by name."""
    ignored: Counter[str] = field(default_factory=Counter)
    """Notices without an effect, by reason."""
    alerts: int = 0
    delayed: int = 0
    processes: ProcessTally = field(default_factory=ProcessTally)
    _failed: set[str] = field(default_factory=set)
    open: dict[str, dict[str, str]] = field(default_factory=dict)
    """Kinds of requests without an answer, by item and effect."""

    def item(self, recorded: Recorded) -> None:
        """Count one event of an item."""
        envelope, event = recorded
        self.events += 1
        if kind := _OUTCOMES.get(type(event)):
            self.runs[kind, getattr(event, "reason", "") or getattr(event, "cause", "")] += 1
        elif isinstance(event, e.TriggerFired):
            self.fired[event.trigger_id] += 1
        elif isinstance(event, e.TriggerSkipped):
            self.held[event.reason] += 1
        elif not self.processes.take(event):
            self._call(envelope.key, event)

    def _call(self, key: Key, event: Any) -> None:
        if hasattr(event, "CHANNEL") and not isinstance(event, effects.ItemAnswered):
            if event.run_id in self.processes.subscribed:
                return
            kind = _kind(event) if event.run_id else self._notice(key, event)
            if kind:  # a fact for another item asks for no answer
                self.open.setdefault(key.text, {})[event.effect_id] = kind
        elif isinstance(event, alert_events.RuleFailureTold):
            self._failed.add(key.text)
        elif isinstance(event, e.EffectAnswered):
            self._answered(key.text, event)
        elif isinstance(event, e.ItemDeleted):
            self.open.pop(key.text, None)  # its answers go no further
        elif isinstance(event, e.RuleRunDelayed):
            self.delayed += 1

    def _answered(self, key: str, event: e.EffectAnswered) -> None:
        kind = self.open.get(key, {}).pop(event.effect_id, "")
        if kind:
            # Of whom the exceptions list has never heard, it has no record.
            unlisted = kind == IS_LISTED and event.reason == "item_not_found"
            self.calls[kind, "completed" if unlisted else event.status] += 1
        if not self.open.get(key, True):
            del self.open[key]

    def _notice(self, key: Key, event: Any) -> str:
        """Name a notification that no rule asked for: of a failed rule, as the event before tells, or of a payment."""
        if not isinstance(event, effects.NotificationRequested) or key.item_type in record_types():
            return ""
        failure = key.text in self._failed
        self._failed.discard(key.text)
        self.alerts += not failure
        return "FailureNotice" if failure else "Alert"

    def payment(self, recorded: Recorded) -> None:
        """Count one event of a payable."""
        event = recorded.event
        self.payments[type(event).__name__] += 1
        if isinstance(event, p.NoticeIgnored):
            self.ignored[event.reason] += 1

    def outcomes(self) -> Counter[str]:
        """Return the ended rule runs by outcome."""
        found: Counter[str] = Counter()
        for (outcome, _), count in self.runs.items():
            found[outcome] += count
        return found


def _kind(event: Any) -> str:
    asks = isinstance(event, effects.ItemAsked) and event.question == IS_LISTED
    return IS_LISTED if asks else type(event).__name__
