"""The process: folds the log through Faust and serves the board, until it is stopped or has to be rebuilt."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from aiohttp import web
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Gauge

from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.log import logger
from services.edge.processor.dead_letters import parked
from services.edge.topics import Topics
from services.live_views.api import Progress, make_api
from services.live_views.board import Board
from services.live_views.engine import follow, handed, left_behind, make_app
from services.live_views.guard import Guard, Parked, ReadHead
from services.live_views.log_end import last_offsets
from services.live_views.settings import LiveViewsSettings
from services.live_views.stall import Stall


class RebuildError(Exception):
    """A record was lost between broker and board: the process ends, and its next start folds the log anew."""


class LiveViews:
    """One process is a full copy of the board: run more than one for availability, not for speed."""

    def __init__(self, kafka: KafkaSettings, topics: Topics, settings: LiveViewsSettings, read: ReadHead) -> None:
        self._kafka = kafka
        self._topics = topics
        self._settings = settings
        self._read = read
        self._stopping = asyncio.Event()
        self._lost = ""
        self._stall = Stall()
        self._guard: Guard | None = None
        self.registry = CollectorRegistry()
        self.board = Board()
        self.port = 0
        """The port served, once it is."""

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until asked to stop; raises `RebuildError`, and `RuntimeError` where Faust has crashed."""
        reader = consumer(self._kafka, None, offset_reset="earliest")
        await reader.start()
        try:
            await self._run(reader, await last_offsets(reader, self._topics.events))
        finally:
            await reader.stop()

    async def _run(self, reader: Any, ends: dict[int, int]) -> None:
        sender = producer(self._kafka)
        await sender.start()
        app = make_app(self._kafka, self._topics.prefix)
        guard = Guard(self.board, self._read, lambda one: self._park(sender, one), ends, self._lose)
        follow(app, self._topics.events, guard.handle)
        runner = web.AppRunner(make_api(self.board, self._progress(guard), self._settings.token.get_secret_value()))
        looking = asyncio.create_task(self._look_now_and_then(app, reader, guard))
        try:
            await self._serve(runner)
            app.finalize()
            await app.start()
            await self._watch(app, looking)
        finally:
            looking.cancel()
            await asyncio.wait([looking])
            await app.stop()
            await runner.cleanup()
            await sender.stop()

    async def _look_now_and_then(self, app: Any, reader: Any, guard: Guard) -> None:
        """Compare what is handled with the end of the log, asked of the broker apart from Faust."""
        while True:
            await asyncio.sleep(self._settings.stuck_seconds / 10)
            if app.started:
                await self._look(app, reader, guard)

    async def _look(self, app: Any, reader: Any, guard: Guard) -> None:
        try:
            parts = [TopicPartition(self._topics.events, number) for number in guard.partitions]
            ends = {part.partition: end for part, end in (await reader.end_offsets(parts)).items()}
        except KafkaError:
            return  # the broker is away: a new start would find it so too
        try:
            waiting = await left_behind(app, ends) + handed(app) - guard.handled
        except TimeoutError:
            waiting = 1  # a thread that does not answer does not fetch either
        self._stall.look(asyncio.get_running_loop().time(), guard.handled, waiting=waiting > 0)

    async def _serve(self, runner: web.AppRunner) -> None:
        await runner.setup()
        site = web.TCPSite(runner, self._settings.host, self._settings.port)
        await site.start()
        self.port = runner.addresses[0][1]
        logger().info("live_views_serves", host=self._settings.host, port=self.port)

    async def _watch(self, app: Any, looking: asyncio.Task[None]) -> None:
        """Wait for the end: Faust keeps a crash to itself until somebody looks."""
        while not self._stopping.is_set():
            if looking.done():
                looking.result()
            if app.crashed:
                raise RuntimeError("the stream application has crashed") from app.crash_reason
            if self._lost:
                raise RebuildError(self._lost)
            try:
                await asyncio.wait_for(self._stopping.wait(), 0.5)
            except TimeoutError:
                continue

    def _lose(self, why: str) -> None:
        self._lost = why

    async def _park(self, sender: Any, one: Parked) -> None:
        record = (one.key, one.value, one.headers)
        placed = parked(self._topics.dead_letters, one.origin.partition, record, one.origin, one.fault)
        try:
            await sender.send_and_wait(
                placed.topic, placed.value, placed.key, partition=placed.partition, headers=list(placed.headers)
            )
        except KafkaError as error:
            self._lose(f"a dead letter was refused: {type(error).__name__}")

    def _progress(self, guard: Guard) -> Progress:
        self._guard = guard
        for name in ("handled", "repeats", "unreadable", "gaps"):
            gauge = Gauge(f"stagewire_live_views_{name}", f"Records {name} since the start", registry=self.registry)
            gauge.set_function(partial(getattr, guard, name))

        def detail() -> dict[str, int]:
            seen = {"handled": guard.handled, "waiting": guard.waiting(), "items": self.board.items()}
            return {**seen, "repeats": guard.repeats, "unreadable": guard.unreadable, "gaps": guard.gaps}

        return Progress(lambda: guard.complete, detail)

    def why_not_ready(self) -> str:
        """Return why the views are not served; empty if they are."""
        if self._guard is None:
            return "starting"
        return "" if self._guard.complete else f"rebuilding: {self._guard.waiting()} offsets to read"

    def why_not_alive(self) -> str:
        """Return why the process should be restarted: records wait, and none was handled for long."""
        idle = self._stall.idle(asyncio.get_running_loop().time())
        return f"no record was handled for {idle:.0f} s" if idle > self._settings.stuck_seconds else ""
