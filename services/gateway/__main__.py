"""`python -m services.gateway`: one process of the HTTP API."""

from __future__ import annotations

import uvloop
from prometheus_client import CollectorRegistry

from services.edge import names
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings
from services.edge.log import logger, set_up_logging
from services.edge.topics import Topics, TopicSettings
from services.gateway.bootstrap import Deployment, gateway
from services.gateway.server import Server, config_of, serve
from services.gateway.settings import GatewaySettings
from services.history.settings import HistorySettings
from services.notifier.settings import NotifierSettings, SigningSettings


async def run(deployment: Deployment) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are answered."""
    registry = CollectorRegistry()
    async with gateway(deployment, registry) as service:
        health = HealthPort(lambda: "", service.why_not_ready, registry, deployment.settings.health_port)
        await health.start()
        server = Server(config_of(service, deployment.settings), _tell)
        logger().info(names.LOG_STARTED, service="gateway", health_port=health.port)
        try:
            await serve(server, service)
        finally:
            await health.stop()
        logger().info(names.LOG_STOPPED, service="gateway")


def _tell(port: int) -> None:
    logger().info("gateway_listens", port=port)


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
