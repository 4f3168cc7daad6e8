"""What happens when the group gives or takes partitions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from services.edge.processor.ending import End

Change = Callable[[set[TopicPartition]], Awaitable[None]]


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Hands rebalances to the loop. aiokafka swallows what a listener raises, so it ends the process here (step 5)."""

    def __init__(self, assigned: Change, revoked: Change, end: End) -> None:
        self._assigned = assigned
        self._revoked = revoked
        self._end = end

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Give partitions back."""
        await self._guarded(self._revoked, revoked)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Take partitions over."""
        await self._guarded(self._assigned, assigned)

    async def _guarded(self, change: Change, parts: Any) -> None:
        try:
            await change(set(parts))
        except Exception as error:  # noqa: BLE001 - the outermost frame of a callback whose errors nobody else sees
            self._end("a rebalance failed", error)
