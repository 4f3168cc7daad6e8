"""The HTTP server around the application, and what follows Kafka beside it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn

from services.gateway.bootstrap import Gateway
from services.gateway.settings import GatewaySettings

_MOST_CONNECTIONS = 2_000


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start and tell the port."""
        await super().startup(sockets)
        if self.started:
            self._listening(self.servers[0].sockets[0].getsockname()[1])


async def serve(server: uvicorn.Server, service: Gateway) -> None:
    """Serve and follow; a follower that ends badly ends the process."""
    async with asyncio.TaskGroup() as parts:
        followers = [parts.create_task(service.shelf.follow()), parts.create_task(service.pages.run())]
        await server.serve()
        for follower in followers:
            follower.cancel()


def config_of(service: Gateway, settings: GatewaySettings) -> uvicorn.Config:
    """Return the server's settings: nothing that is not needed is switched on."""
    return uvicorn.Config(
        service.app, host=settings.host, port=settings.port, lifespan="off", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, limit_concurrency=_MOST_CONNECTIONS, timeout_keep_alive=30,
        timeout_graceful_shutdown=settings.stop_seconds, ws="none",
    )  # fmt: skip
