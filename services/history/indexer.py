"""From records of Kafka to rows of the index: decoded, checked, written in a thread, counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiokafka import ConsumerRecord, TopicPartition

from services.edge.codec import UnknownEventError
from services.edge.log import logger
from services.edge.stream import UnreadableError
from services.history.feed import Fetched
from services.history.metrics import HistoryMetrics
from services.history.queries import ReadEvent
from services.history.records import Log, LogRecord, stream_id
from services.history.store import HistoryWriter


class UnreadableLogError(Exception):
    """A record of a log cannot be read: stop and say so, never skip (design section 2)."""


class Indexer:
    """The sink of the feed; `logs` says what each topic holds."""

    def __init__(
        self, store: HistoryWriter, logs: Mapping[str, tuple[Log, ReadEvent]], metrics: HistoryMetrics
    ) -> None:
        self._store = store
        self._logs = logs
        self._metrics = metrics

    async def position(self, part: TopicPartition) -> int | None:
        """See `Sink`."""
        return await asyncio.to_thread(self._store.position, context(part))

    async def take(self, fetched: Fetched, positions: Mapping[TopicPartition, int]) -> None:
        """See `Sink`; raises `UnreadableLogError`."""
        records = [self._read(record) for batch in fetched.values() for record in batch]
        named = {context(part): position for part, position in positions.items()}
        with self._metrics.seconds.time():
            written = await asyncio.to_thread(self._store.write, records, named)
        for found in written.anomalies:
            logger().error("history_anomaly", **found._asdict())
        self._metrics.wrote(written)

    def _read(self, record: ConsumerRecord) -> LogRecord:
        log, read_event = self._logs[record.topic]
        part = TopicPartition(record.topic, record.partition)
        if record.value is None or record.key is None:
            raise UnreadableLogError(f"{context(part)}@{record.offset} has no key or no value")
        try:
            recorded = read_event(record.value)
            key = recorded.envelope.key
            if key.text.encode() != record.key:
                raise UnreadableLogError(f"{context(part)}@{record.offset}: key and envelope disagree")
            stream = stream_id(log, key)
        except (UnreadableError, UnknownEventError, ValueError) as error:
            raise UnreadableLogError(f"{context(part)}@{record.offset}: {error}") from error
        return LogRecord(log, stream, recorded.envelope.version, recorded, record.value, context(part), record.offset)


def context(part: TopicPartition) -> str:
    """Return the name under which the position of a partition is kept."""
    return f"{part.topic}-{part.partition}"
