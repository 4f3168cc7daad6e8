"""`python -m services.gateway`: one process of the HTTP API."""

from __future__ import annotations

import asyncio
import gc
import signal

import uvloop
from prometheus_client import CollectorRegistry

from services.edge import names
from services.edge.files import FilesSettings
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings
from services.edge.log import logger, set_up_logging
from services.edge.topics import Topics, TopicSettings
from services.gateway.bootstrap import Deployment, gateway
from services.gateway.server import Server, config_of, listener_of, serve
from services.gateway.settings import GatewaySettings
from services.history.settings import HistorySettings
from services.notifier.settings import NotifierSettings, SigningSettings


async def run(deployment: Deployment) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are answered."""
    registry, settings = CollectorRegistry(), deployment.settings
    async with gateway(deployment, registry) as service:
        health = HealthPort(lambda: "", service.why_not_ready, registry, settings.health_port)
        await health.start()
        server, listener = Server(config_of(service, settings)), listener_of(settings)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        gc.freeze()  # what was made at the start stays: looking through it again costs every request of the moment
        port = listener.getsockname()[1]
        logger().info(names.LOG_STARTED, service="gateway", port=port, health_port=health.port)
        try:
            await serve(server, service, listener)
        finally:
            await health.stop()
        logger().info(names.LOG_STOPPED, service="gateway")


def main() -> None:
    """Read the settings and run."""
    set_up_logging()
    settings = GatewaySettings()
    deployment = Deployment(
        settings, KafkaSettings(), Topics.of(TopicSettings()), SigningSettings(), HistorySettings(), NotifierSettings(),
        FilesSettings(),
    )  # fmt: skip
    uvloop.run(run(deployment))


if __name__ == "__main__":
    main()
