"""Steps into Kafka, as a CRM platform sends them: idempotent, acknowledged by all replicas, in order for each item."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

from services.cli.demo.story import Step
from services.edge.codec import item_changes, payment_changes
from services.edge.topics import Topics

_UNDER_WAY = 1_000
"""Records sent and not yet acknowledged."""


class Sender:
    """Sends steps on a started producer, each decided with at least the given definitions."""

    def __init__(self, producer: AIOKafkaProducer, topics: Topics, definitions_version: int) -> None:
        self._producer = producer
        self._topics = {"items": topics.changes, "payments": topics.payments}
        self._codecs = {"items": item_changes(), "payments": payment_changes()}
        self._version = definitions_version

    async def send(self, steps: Iterable[Step], sent: Callable[[int], None]) -> None:
        """Send all steps and wait for their acknowledgements; `sent` hears of each portion."""
        waiting: list[asyncio.Future[Any]] = []
        for step in steps:
            # An order has to be known before an item asks for its payment.
            if step.stream == "payments" and waiting:
                await self._settle(waiting, sent)
            waiting.append(await self._begin(step))
            if step.stream == "payments" or len(waiting) >= _UNDER_WAY:
                await self._settle(waiting, sent)
        await self._settle(waiting, sent)

    async def _begin(self, step: Step) -> asyncio.Future[Any]:
        framed = step.frame._replace(definitions_version=self._version if step.stream == "items" else 0)
        value = self._codecs[step.stream].encode(framed, step.change)
        future: asyncio.Future[Any] = await self._producer.send(
            self._topics[step.stream], value, step.key.text.encode()
        )
        return future

    @staticmethod
    async def _settle(waiting: list[asyncio.Future[Any]], sent: Callable[[int], None]) -> None:
        await asyncio.gather(*waiting)
        sent(len(waiting))
        waiting.clear()
