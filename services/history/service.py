"""The process: follows both logs until it is stopped, keeps the view of the definitions, answers searches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from services.history.feed import LogFeed
from services.history.indexer import context
from services.history.metrics import HistoryMetrics
from services.history.store import HistoryWriter

STUCK_SECONDS = 120.0


class Beside(Protocol):
    """What runs beside the index: the view of the definitions, the searches."""

    async def run(self) -> None:
        """Work until asked to stop."""
        ...

    def stop(self) -> None:
        """Ask for an orderly end."""
        ...


class HistoryService:
    """Runs until `stop`; an exception ends the process, and the supervisor starts it anew."""

    def __init__(
        self, feed: LogFeed, store: HistoryWriter, metrics: HistoryMetrics, beside: Sequence[Beside] = ()
    ) -> None:
        self._feed = feed
        self._beside = beside
        self._store = store
        self._metrics = metrics
        self._stopping = asyncio.Event()
        self._turned_at = 0.0
        self._anomalies = 0

    @property
    def ready(self) -> bool:
        """Whether the logs are read: partitions are assigned and sought."""
        return self._feed.assigned > 0

    @property
    def detail(self) -> dict[str, int]:
        """Partitions read, records not indexed yet, and anomalies ever seen (people must look above 0)."""
        return {"partitions": self._feed.assigned, "lag": sum(self._feed.lag().values()), "anomalies": self._anomalies}

    def why_not_ready(self) -> str:
        """Return why the index does not follow the logs; empty if it does, however far behind it is."""
        return "" if self.ready else f"no partition is read: {self.detail}"

    def why_not_alive(self) -> str:
        """Return why the process should be restarted; empty while the loop comes round."""
        idle = asyncio.get_running_loop().time() - self._turned_at if self._turned_at else 0.0
        return f"the loop has not come round for {idle:.0f} s" if idle > STUCK_SECONDS else ""

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self) -> None:
        """Index until asked to stop; what was stored is complete at any moment."""
        tasks = [asyncio.create_task(part.run()) for part in self._beside]
        try:
            await self._index(tasks)
        finally:
            for part in self._beside:
                part.stop()
            if tasks:
                await asyncio.wait(tasks)

    async def _index(self, beside: Sequence[asyncio.Task[None]]) -> None:
        await self._feed.start()
        try:
            await self._count_anomalies()
            while not self._stopping.is_set():
                for task in beside:
                    if task.done():
                        task.result()
                if await self._feed.turn():
                    await self._count_anomalies()
                self._turned_at = asyncio.get_running_loop().time()
                self._tell_lag()
        finally:
            await self._feed.stop()

    async def _count_anomalies(self) -> None:
        """Bring the gauge to what the database knows: anomalies outlive the process that met them."""
        self._anomalies = await asyncio.to_thread(self._store.count_anomalies)
        self._metrics.known_anomalies.set(self._anomalies)

    def _tell_lag(self) -> None:
        for part, lag in self._feed.lag().items():
            self._metrics.lag.labels(context(part)).set(lag)
