"""The Kafka clients of the loop, with the settings that its protocol rests on (docs/decisions/0005)."""

from __future__ import annotations

from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.producer import sender

from services.edge.kafka import KafkaSettings, client_args
from services.edge.processor.settings import ProcessorSettings

_BUILDER_BYTES = 512 * 1024
_LARGEST_FETCH = 11 * 1024 * 1024
_REQUEST_TIMEOUT_MS = 15_000

# A transaction that begins while the markers of the one before are still being written is answered "concurrent", and
# aiokafka waits 20 ms before it asks again: most of a small transaction's time. The loop begins the next one at once.
sender.BACKOFF_OVERRIDE = 0.002


class Clients(Protocol):
    """Makes the clients of a worker; tests replace it to prove that they notice a wrong one."""

    def inbox(self) -> AIOKafkaConsumer:
        """Return the group's consumer, neither started nor subscribed."""
        ...

    def reader(self) -> AIOKafkaConsumer:
        """Return a consumer without a group, for restores."""
        ...

    def producer(self, partition: int) -> AIOKafkaProducer:
        """Return the transactional producer of an input partition, not started."""
        ...


class KafkaClients:
    """The real ones."""

    def __init__(self, name: str, settings: ProcessorSettings, kafka: KafkaSettings) -> None:
        self._name = name
        self._settings = settings
        self._args: dict[str, Any] = {**client_args(kafka), "request_timeout_ms": _REQUEST_TIMEOUT_MS}

    def inbox(self) -> AIOKafkaConsumer:
        """Return the group's consumer: it never jumps (`none`), never commits, and misses a dead member in 10 s."""
        session = self._settings.session_timeout_ms
        return AIOKafkaConsumer(
            **self._args,
            group_id=self._name,
            group_instance_id=self._settings.instance_id,
            auto_offset_reset="none",
            enable_auto_commit=False,
            isolation_level="read_committed",
            session_timeout_ms=session,
            heartbeat_interval_ms=max(session // 4, 500),
            fetch_max_wait_ms=self._settings.fetch_wait_ms,
            max_partition_fetch_bytes=2 * 1024 * 1024,
            retry_backoff_ms=50,
        )

    def reader(self) -> AIOKafkaConsumer:
        """Return a consumer of committed records that is assigned by hand."""
        return AIOKafkaConsumer(
            **self._args,
            group_id=None,
            auto_offset_reset="none",
            enable_auto_commit=False,
            isolation_level="read_committed",
            max_partition_fetch_bytes=_LARGEST_FETCH,
            fetch_max_wait_ms=100,
            retry_backoff_ms=50,
        )

    def transactional_id(self, partition: int) -> str:
        """Return the id by which a new owner of the partition fences the old one."""
        return f"{self._name}-{partition}"

    def producer(self, partition: int) -> AIOKafkaProducer:
        """Return the producer of one input partition.

        Retries come after 5 ms: brokers from 4.0 answer an overlap with the previous transaction's completion with a
        retriable error, and the default of 100 ms would be most of the time.
        """
        return AIOKafkaProducer(
            **self._args,
            transactional_id=self.transactional_id(partition),
            transaction_timeout_ms=self._settings.transaction_timeout_ms,
            compression_type=self._settings.compression,
            acks="all",
            enable_idempotence=True,
            max_batch_size=_BUILDER_BYTES,
            max_request_size=_LARGEST_FETCH,
            retry_backoff_ms=5,
        )
