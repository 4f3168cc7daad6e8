"""The process: follows both logs until it is stopped."""

from __future__ import annotations

import asyncio

from services.history.feed import LogFeed
from services.history.indexer import context
from services.history.metrics import HistoryMetrics
from services.history.store import HistoryWriter


class HistoryService:
    """Runs until `stop`; an exception ends the process, and the supervisor starts it anew."""

    def __init__(self, feed: LogFeed, store: HistoryWriter, metrics: HistoryMetrics) -> None:
        self._feed = feed
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
        """What readiness says beside: partitions, lag, and anomalies ever seen (people must look above 0)."""
        return {"partitions": self._feed.assigned, "lag": sum(self._feed.lag().values()), "anomalies": self._anomalies}

    def idle_seconds(self, now: float) -> float:
        """Return how long the loop has not come round; for the watchdog of the health port."""
        return now - self._turned_at if self._turned_at else 0.0

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self) -> None:
        """Index until asked to stop; what was stored is complete at any moment."""
        await self._feed.start()
        try:
            self._anomalies = await asyncio.to_thread(self._store.count_anomalies)
            while not self._stopping.is_set():
                if await self._feed.turn():
                    self._anomalies = await asyncio.to_thread(self._store.count_anomalies)
                self._turned_at = asyncio.get_running_loop().time()
                for part, lag in self._feed.lag().items():
                    self._metrics.lag.labels(context(part)).set(lag)
        finally:
            await self._feed.stop()
