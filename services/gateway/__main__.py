"""`python -m services.gateway`: one process of the HTTP API."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
import uvloop
from prometheus_client import CollectorRegistry

from services.edge import names
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings
from services.edge.log import logger, set_up_logging
from services.edge.topics import Topics, TopicSettings
from services.gateway.bootstrap import Deployment, Gateway, gateway
from services.gateway.settings import GatewaySettings
from services.history.settings import HistorySettings
from services.notifier.settings import NotifierSettings, SigningSettings

_MOST_CONNECTIONS = 2_000


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start and tell the port."""
        await super().startup(sockets)
        if self.started:
            self._listening(self.servers[0].sockets[0].getsockname()[1])


async def run(deployment: Deployment, listening: Callable[[int], None] = lambda _port: None) -> None:
    """Serve until SIGTERM or SIGINT; `listening` is told the port."""
    registry = CollectorRegistry()
    async with gateway(deployment, registry) as service:
        health = HealthPort(lambda: "", service.why_not_ready, registry, deployment.settings.health_port)
        await health.start()
        server = _Server(_config(service, deployment.settings), listening)
        logger().info(names.LOG_STARTED, service="gateway", health_port=health.port)
        try:
            await _serve(server, service)
        finally:
            await health.stop()
        logger().info(names.LOG_STOPPED, service="gateway")


async def _serve(server: uvicorn.Server, service: Gateway) -> None:
    """Serve and follow; a follower that ends badly ends the process."""
    async with asyncio.TaskGroup() as parts:
        followers = [parts.create_task(service.shelf.follow()), parts.create_task(service.pages.run())]
        await server.serve()
        for follower in followers:
            follower.cancel()


def _config(service: Gateway, settings: GatewaySettings) -> uvicorn.Config:
    return uvicorn.Config(
        service.app, host=settings.host, port=settings.port, lifespan="off", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, limit_concurrency=_MOST_CONNECTIONS, timeout_keep_alive=30,
        timeout_graceful_shutdown=settings.stop_seconds, ws="none",
    )  # fmt: skip


def main() -> None:
    """Read the settings and run."""
    set_up_logging()
    settings = GatewaySettings()
    deployment = Deployment(
        settings, KafkaSettings(), Topics.of(TopicSettings()), SigningSettings(), HistorySettings(), NotifierSettings()
    )  # fmt: skip
    uvloop.run(run(deployment))


if __name__ == "__main__":
    main()
