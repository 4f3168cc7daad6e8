"""From records of Kafka to rows of the index: read, checked and written in a thread, counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiokafka import TopicPartition

from services.edge.log import logger
from services.history.feed import Fetched
from services.history.heads import Readers, UnreadableLogError, read_record
from services.history.metrics import HistoryMetrics
from services.history.records import Written
from services.history.store import HistoryWriter

__all__ = ["Indexer", "UnreadableLogError", "context"]


class Indexer:
    """The sink of the feed; `logs` says what each topic holds."""

    def __init__(self, store: HistoryWriter, logs: Readers, metrics: HistoryMetrics) -> None:
        self._store = store
        self._logs = logs
        self._metrics = metrics

    async def position(self, part: TopicPartition) -> int | None:
        """See `Sink`."""
        return await asyncio.to_thread(self._store.position, context(part))

    async def take(self, fetched: Fetched, positions: Mapping[TopicPartition, int]) -> None:
        """See `Sink`; raises `UnreadableLogError`."""
        named = {context(part): position for part, position in positions.items()}
        written = await asyncio.to_thread(self._write, fetched, named)
        for found in written.anomalies:
            logger().error("history_anomaly", **found._asdict())
        self._metrics.wrote(written)

    def _write(self, fetched: Fetched, positions: Mapping[str, int]) -> Written:
        logs = self._logs
        records = [read_record(logs, record) for batch in fetched.values() for record in batch]
        with self._metrics.seconds.time():
            return self._store.write(records, positions)


def context(part: TopicPartition) -> str:
    """Return the name under which the position of a partition is kept."""
    return f"{part.topic}-{part.partition}"
