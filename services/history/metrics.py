"""Counts and gauges of `history`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.history.records import Written

INDEXED = "stagewire_history_events_total"
REPEATED = "stagewire_history_repeats_total"
ANOMALIES = "stagewire_history_anomalies_total"
KNOWN_ANOMALIES = "stagewire_history_known_anomalies"
LAG = "stagewire_history_lag_records"
SECONDS = "stagewire_history_write_seconds"


class HistoryMetrics:
    """The metrics of one process, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._indexed = Counter(INDEXED, "Events added to the index", registry=registry)
        self._repeated = Counter(REPEATED, "Events read again and skipped", registry=registry)
        self._anomalies = Counter(ANOMALIES, "Gaps and contradictions met", ["fault"], registry=registry)
        self.known_anomalies = Gauge(KNOWN_ANOMALIES, "Anomalies in the index; alarm above 0", registry=registry)
        self.lag = Gauge(LAG, "Records between index and end of the log", ["context"], registry=registry)
        self.seconds = Histogram(SECONDS, "Time to write one batch", registry=registry)

    def wrote(self, written: Written) -> None:
        """Count a batch."""
        self._indexed.inc(written.added)
        self._repeated.inc(written.repeated)
        for found in written.anomalies:
            self._anomalies.labels(found.fault).inc()
