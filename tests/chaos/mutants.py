"""Wrong transactional clients on purpose: the harness must find each of them out."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from services.edge.processor.clients import KafkaClients


class IdPerProcess(KafkaClients):
    """Transactional ids differ from process to process, so that nobody fences anybody."""

    def transactional_id(self, partition: int) -> str:
        """Return an id that no other process uses."""
        return f"{super().transactional_id(partition)}-{os.getpid()}"


class OneProducer(KafkaClients):
    """One producer with one id serves all partitions of a process, as most clients' examples have it."""

    _shared: _Shared | None = None

    def transactional_id(self, partition: int) -> str:
        """Return the id of the process."""
        return f"{self._name}-{os.getpid()}"

    def producer(self, partition: int) -> Any:
        """Return the same one for each partition."""
        if self._shared is None or self._shared.ended:
            self._shared = _Shared(super().producer(partition))
        return self._shared


class _Shared:
    """Lets partitions take turns with a producer: it can have one transaction only."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._turn = asyncio.Lock()
        self._users = 0
        self.ended = False

    def __getattr__(self, name: str) -> Any:
        """Pass on all that concerns no transaction's bounds."""
        return getattr(self._producer, name)

    async def start(self) -> None:
        """Start with the first user; the others wait until it is."""
        async with self._turn:
            self._users += 1
            if self._users == 1:
                await self._producer.start()

    async def stop(self) -> None:
        """Stop with the last user."""
        async with self._turn:
            self._users -= 1
            if not self._users:
                self.ended = True
                await self._producer.stop()

    async def begin_transaction(self) -> None:
        """Wait for one's turn."""
        await self._turn.acquire()
        await self._producer.begin_transaction()

    async def commit_transaction(self) -> None:
        """Commit, and let the next one go."""
        await self._producer.commit_transaction()
        self._turn.release()


MUTANTS = {"none": KafkaClients, "id-per-process": IdPerProcess, "one-producer": OneProducer}
