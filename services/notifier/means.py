"""What all parts of one process share."""

from __future__ import annotations

from typing import NamedTuple

from services.edge.clock import Clock
from services.notifier.ledger import Ledger
from services.notifier.metrics import NotifierMetrics
from services.notifier.ports import Codec, Records


class Means(NamedTuple):
    """The ledger, the ports to Kafka, the clock that leases are compared by, and the metrics."""

    ledger: Ledger
    codec: Codec
    records: Records
    clock: Clock
    metrics: NotifierMetrics
