"""Counts and gauges of the loop, updated once a batch."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.edge import names
from services.edge.processor.batch import Batch

_COUNTED = (names.CHANGES, names.EVENTS, names.TIMERS_FIRED, names.REPEATS, names.FORWARDED)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one worker, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        by_partition = ["partition"]
        self._counters = {name: Counter(name, "see names.py", by_partition, registry=registry) for name in _COUNTED}
        self._parked = Counter(names.PARKED, "see names.py", ["partition", "reason"], registry=registry)
        self._transactions = Counter(names.TRANSACTIONS, "see names.py", by_partition, registry=registry)
        self._snapshots = Counter(names.SNAPSHOTS, "see names.py", registry=registry)
        self.transaction_seconds = Histogram(
            names.TRANSACTION_SECONDS, "see names.py", buckets=_SECONDS, registry=registry
        )
        self.decide_seconds = Histogram(names.DECIDE_SECONDS, "see names.py", buckets=_SECONDS, registry=registry)
        self.restore_seconds = Histogram(names.RESTORE_SECONDS, "see names.py", registry=registry)
        self.lag = Gauge(names.LAG_SECONDS, "see names.py", by_partition, registry=registry)
        self.queued = Gauge(names.QUEUED, "see names.py", by_partition, registry=registry)
        self.partitions = Gauge(names.PARTITIONS, "see names.py", ["status"], registry=registry)
        self.aside = Gauge(names.ITEMS_ASIDE, "see names.py", by_partition, registry=registry)
        self.floor = Gauge(names.FLOOR, "see names.py", by_partition, registry=registry)

    def committed(self, partition: int, batch: Batch, seconds: float) -> None:
        """Count a committed batch."""
        label = str(partition)
        for name, amount in batch.counted.items():
            self._counters[name].labels(label).inc(amount)
        for reason, amount in batch.parked.items():
            self._parked.labels(label, reason).inc(amount)
        self._transactions.labels(label).inc()
        self._snapshots.inc(len(batch.snapshotted))
        self.transaction_seconds.observe(seconds)

    def forget(self, partition: int) -> None:
        """Take back the gauges of a partition that another worker owns now."""
        for gauge in (self.lag, self.queued, self.aside, self.floor):
            gauge.labels(str(partition)).set(0)
            gauge.remove(str(partition))
