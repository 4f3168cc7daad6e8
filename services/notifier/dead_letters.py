"""Effects that cannot be performed, as records of the dead-letter topic."""

from __future__ import annotations

from services.edge.stream import Output
from services.notifier.ports import Parked

_LONGEST_DETAIL = 1_000


def dead_letter(topic: str, parked: Parked) -> Output:
    """Return the record: key, value and headers as they came, and in further headers where from and why."""
    record = parked.record
    origin = {
        "dl-service": "notifier",
        "dl-topic": record.topic,
        "dl-partition": str(record.partition),
        "dl-offset": str(record.offset),
        "dl-reason": parked.reason,
        "dl-detail": parked.detail[:_LONGEST_DETAIL],
        "dl-ours": str(int(parked.ours)),
    }
    added = tuple((name, text.encode()) for name, text in origin.items())
    return Output(topic, record.key or b"", record.value, (*record.headers, *added))
