"""The process: reads effects, calls channels, reports outcomes, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any, Final, NamedTuple

from services.edge import names
from services.edge.definitions import DefinitionsFollower
from services.edge.log import logger
from services.notifier.dispatch import Dispatcher
from services.notifier.kafka import EffectsConsumer
from services.notifier.means import Means
from services.notifier.outcomes import Reporter
from services.notifier.ports import Unavailable
from services.notifier.quiet import day_of
from services.notifier.shared_clock import SharedClock

_DAY: Final = 24 * 60 * 60 * 1000


class Pace(NamedTuple):
    """How often and how long the service waits, and how long rows are kept."""

    poll_seconds: float
    stop_seconds: float
    house_seconds: float = 15.0
    stuck_seconds: float = 60.0
    keep_days: int = 90


class Notifier:
    """Runs until `stop`; an exception of any part ends the whole, and the supervisor starts it anew."""

    def __init__(
        self, consumer: EffectsConsumer, dispatchers: Sequence[Dispatcher], means: Means, clock: SharedClock,
        pace: Pace, definitions: DefinitionsFollower | None = None,
    ) -> None:  # fmt: skip
        self._definitions = definitions
        self._consumer = consumer
        self._dispatchers = dispatchers
        self._reporter = Reporter(means)
        self._means = means
        self._clock = clock
        self._pace = pace
        self._stopping = asyncio.Event()
        self._due = {dispatcher.name: asyncio.Event() for dispatcher in dispatchers}
        self._ended = asyncio.Event()
        self._turned: dict[str, float] = {}

    @property
    def ready(self) -> bool:
        """Whether effects are read: partitions are assigned and sought."""
        return self._consumer.ready and not self._stopping.is_set()

    def why_not_ready(self) -> str:
        """Return why effects are not read now, empty if they are."""
        if self._stopping.is_set():
            return "stopping"
        return "" if self._consumer.ready else "no partitions sought"

    def why_not_alive(self) -> str:
        """Return which loops have not come round for too long, empty if none."""
        now = asyncio.get_running_loop().time()
        stuck = [part for part, at in self._turned.items() if now - at > self._pace.stuck_seconds]
        return "" if self._stopping.is_set() or not stuck else f"no progress: {', '.join(stuck)}"

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until asked to stop; then wait for calls in flight and report what they led to."""
        await asyncio.to_thread(self._clock.refresh)
        await self._consumer.start()
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._reading())
                parts.create_task(self._reporting())
                parts.create_task(self._keeping_house())
                parts.create_task(self._following())
                for dispatcher in self._dispatchers:
                    parts.create_task(self._sending(dispatcher, self._due[dispatcher.name]))
            await asyncio.gather(*(dispatcher.finish(self._pace.stop_seconds) for dispatcher in self._dispatchers))
            with contextlib.suppress(Unavailable):
                await self._reporter.turn()
        finally:
            await self._consumer.stop()

    async def _reading(self) -> None:
        while not self._stopping.is_set():
            self._turned["reading"] = asyncio.get_running_loop().time()
            try:
                copied = await self._consumer.turn()
            except Unavailable as error:
                self._consumer.again()
                await self._unavailable("reading", error)
                continue
            if copied:
                for due in self._due.values():
                    due.set()

    async def _sending(self, dispatcher: Dispatcher, due: asyncio.Event) -> None:
        while not self._stopping.is_set():
            self._turned[dispatcher.name] = asyncio.get_running_loop().time()
            due.clear()
            if not await dispatcher.turn():
                await self._pause(self._pace.poll_seconds, dispatcher.calls, due)
            self._ended.set()

    async def _reporting(self) -> None:
        while not self._stopping.is_set():
            self._turned["reporting"] = asyncio.get_running_loop().time()
            self._ended.clear()
            try:
                reported = await self._reporter.turn()
            except Unavailable as error:
                await self._unavailable("reporting", error)
                continue
            if not reported:
                await self._pause(self._pace.poll_seconds, (), self._ended)

    async def _keeping_house(self) -> None:
        channels = [dispatcher.name for dispatcher in self._dispatchers]
        ledger, metrics = self._means.ledger, self._means.metrics
        while not self._stopping.is_set():
            await asyncio.to_thread(self._clock.refresh)
            now = self._clock.now()
            metrics.waits(channels, await asyncio.to_thread(ledger.backlogs), now)
            before = now - self._pace.keep_days * _DAY
            await asyncio.to_thread(ledger.purge, before)
            await asyncio.to_thread(ledger.receipts.purge, before)
            await asyncio.to_thread(ledger.quota.forget, day_of(UTC, before))
            await self._pause(self._pace.house_seconds, ())

    async def _following(self) -> None:
        """Take over connections and limits as they are defined; one that cannot be read ends the service."""
        while self._definitions is not None and not self._stopping.is_set():
            self._turned["definitions"] = asyncio.get_running_loop().time()
            await self._definitions.poll()
            await self._pause(self._pace.poll_seconds, ())

    async def _unavailable(self, part: str, error: Unavailable) -> None:
        logger().warning(names.LOG_KAFKA_UNAVAILABLE, part=part, error=str(error))
        await self._pause(self._pace.poll_seconds, ())

    async def _pause(self, seconds: float, calls: Iterable[asyncio.Task[Any]], *events: asyncio.Event) -> None:
        """Wait for the end of a call, for an event, for the stop, or for the time to pass."""
        waits = [asyncio.create_task(event.wait()) for event in (*events, self._stopping)]
        try:
            await asyncio.wait({*calls, *waits}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
