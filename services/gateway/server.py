"""The HTTP server around the application, and what follows Kafka beside it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from services.gateway.bootstrap import Gateway
from services.gateway.settings import GatewaySettings

_MOST_CONNECTIONS = 2_000
_BACKLOG = 512


class Server(uvicorn.Server):
    """A server that others stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would raise them again at its end, before our clients are closed."""
        yield

    def stop(self) -> None:
        """Ask for an orderly end."""
        self.should_exit = True


def listener_of(settings: GatewaySettings) -> socket.socket:
    """Open the port; raises `OSError` if it is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)


async def serve(server: uvicorn.Server, service: Gateway, listener: socket.socket) -> None:
    """Serve and follow; a follower that ends badly ends the process."""
    async with asyncio.TaskGroup() as parts:
        beside = (service.shelf.follow(), service.pages.run(), service.enrolling.run(), service.batching.run())
        followers = [parts.create_task(work) for work in beside]
        await server.serve([listener])
        for follower in followers:
            follower.cancel()


def config_of(service: Gateway, settings: GatewaySettings) -> uvicorn.Config:
    """Return the server's settings: nothing that is not needed is switched on."""
    return uvicorn.Config(
        service.app,
        lifespan="off",
        log_config=None,
        log_level="critical",  # errors are logged by `problems`, as lines of JSON
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=settings.stop_seconds,
        ws="none",
    )
