"""What the partitions of one worker share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from services.edge.clock import Clock
from services.edge.processor.clients import Clients
from services.edge.processor.metrics import Metrics
from services.edge.processor.outputs import Places
from services.edge.processor.settings import ProcessorSettings
from services.edge.stream import Stream


@dataclass(slots=True)
class Worker:
    """Made once by the Processor."""

    stream: Stream[Any, Any]
    settings: ProcessorSettings
    clients: Clients
    clock: Clock
    metrics: Metrics
    places: Places
    restoring: asyncio.Semaphore
    identity: str = ""
    """Cluster and log topic, once the consumer has started."""
    _learning: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def learn(self, topic: str, producer: Any) -> None:
        """Ask the broker how many partitions a topic has; raises KafkaError where it does not exist."""
        async with self._learning:
            if topic not in self.places.counts:
                self.places.counts[topic] = len(await producer.partitions_for(topic))
