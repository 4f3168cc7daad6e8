"""The process: reads effects, calls channels, reports outcomes, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

import structlog

from services.notifier.dispatch import Dispatcher
from services.notifier.kafka import EffectsConsumer
from services.notifier.outcomes import Reporter
from services.notifier.ports import Unavailable

log = structlog.get_logger("notifier")


class Notifier:
    """Runs until `stop`; an exception of any part ends the whole, and the supervisor starts it anew."""

    def __init__(
        self, consumer: EffectsConsumer, dispatchers: Sequence[Dispatcher], reporter: Reporter, poll_seconds: float
    ) -> None:
        self._consumer = consumer
        self._dispatchers = dispatchers
        self._reporter = reporter
        self._poll = poll_seconds
        self._stopping = asyncio.Event()
        self._due = {dispatcher.name: asyncio.Event() for dispatcher in dispatchers}
        self._ended = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether effects are read: partitions are assigned and sought."""
        return self._consumer.ready

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self, stop_seconds: float) -> None:
        """Work until asked to stop; then wait for calls in flight and report what they led to."""
        await self._consumer.start()
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._reading())
                parts.create_task(self._reporting())
                for dispatcher in self._dispatchers:
                    parts.create_task(self._sending(dispatcher, self._due[dispatcher.name]))
            await asyncio.gather(*(dispatcher.finish(stop_seconds) for dispatcher in self._dispatchers))
            with contextlib.suppress(Unavailable):
                await self._reporter.turn()
        finally:
            await self._consumer.stop()

    async def _reading(self) -> None:
        while not self._stopping.is_set():
            try:
                copied = await self._consumer.turn()
            except Unavailable as error:
                log.warning("effects.unavailable", error=str(error))
                self._consumer.again()
                await self._pause(())
                continue
            if copied:
                for due in self._due.values():
                    due.set()

    async def _sending(self, dispatcher: Dispatcher, due: asyncio.Event) -> None:
        while not self._stopping.is_set():
            due.clear()
            if not await dispatcher.turn():
                await self._pause(dispatcher.calls, due)
            self._ended.set()

    async def _reporting(self) -> None:
        while not self._stopping.is_set():
            self._ended.clear()
            try:
                reported = await self._reporter.turn()
            except Unavailable as error:
                log.warning("outcomes.unavailable", error=str(error))
                reported = 0
            if not reported:
                await self._pause((), self._ended)

    async def _pause(self, calls: Iterable[asyncio.Task[Any]], *events: asyncio.Event) -> None:
        """Wait for the end of a call, for an event, for the stop, or for the time of a poll."""
        waits = [asyncio.create_task(event.wait()) for event in (*events, self._stopping)]
        try:
            await asyncio.wait({*calls, *waits}, timeout=self._poll, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
