"""The health port of a service: `/livez`, `/readyz`, `/metrics`.

It is served by the event loop that does the work: a loop that hangs answers nothing, and that is the answer.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Question = Callable[[], str]
"""Returns why not; empty for yes."""


class HealthPort:
    """Serves the answers of a service; port 0 takes a free one, which `port` tells after `start`."""

    def __init__(
        self, alive: Question, ready: Question, registry: CollectorRegistry, port: int, host: str = ""
    ) -> None:
        self._answers = {"/livez": alive, "/readyz": ready}
        self._registry = registry
        self._host = host or None  # all interfaces: probes come from outside the pod
        self.port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Open the port; raises OSError if it is taken."""
        app = web.Application()
        app.add_routes([web.get(path, self._answer) for path in self._answers])
        app.add_routes([web.get("/metrics", self._metrics)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        why = self._answers[request.path]()
        return web.Response(status=503 if why else 200, text=(why or "ok") + "\n")

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
