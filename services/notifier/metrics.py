"""Counts and gauges of `notifier`."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from automation.values import Moment
from services.edge import names
from services.notifier.rows import Backlog


class NotifierMetrics:
    """The metrics of one process, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.copied = Counter(names.EFFECTS_COPIED, "Effects copied into the ledger", registry=registry)
        self.parked = Counter(names.PARKED, "Records sent to dead letters", ["partition", "reason"], registry=registry)
        self.attempts = Counter(names.ATTEMPTS, "Calls ended, by state", ["channel", "state"], registry=registry)
        self.late = Counter(names.LATE_ANSWERS, "Calls that ended after their lease", ["channel"], registry=registry)
        self.outcomes = Counter(names.OUTCOMES, "Outcomes reported", ["status"], registry=registry)
        self.send_seconds = Histogram(names.SEND_SECONDS, "Time of one call", ["channel"], registry=registry)
        self._waiting = Gauge(names.WAITING, "Effects that wait for a call", ["channel"], registry=registry)
        self._oldest = Gauge(names.OLDEST_DUE_SECONDS, "Age of the oldest due effect", ["channel"], registry=registry)

    def ended(self, channel: str, states: Iterable[str], late: int) -> None:
        """Count calls that ended."""
        for state, amount in Tally(states).items():
            self.attempts.labels(channel, state).inc(amount)
        self.late.labels(channel).inc(late)

    def reported(self, statuses: Iterable[str]) -> None:
        """Count outcomes."""
        for status, amount in Tally(statuses).items():
            self.outcomes.labels(status).inc(amount)

    def waits(self, channels: Iterable[str], backlogs: Iterable[Backlog], now: Moment) -> None:
        """Show what waits; a channel without a backlog shows 0."""
        found = {backlog.channel: backlog for backlog in backlogs}
        for channel in channels:
            backlog = found.get(channel, Backlog(channel, 0, now))
            self._waiting.labels(channel).set(backlog.waiting)
            self._oldest.labels(channel).set(max(0, now - backlog.oldest_due) / 1000)
