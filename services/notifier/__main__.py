"""`python -m services.notifier`: one process of the notifier."""

from __future__ import annotations

import asyncio
import signal

from prometheus_client import CollectorRegistry

from services.edge import names
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings
from services.edge.log import logger, set_up_logging
from services.edge.topics import Topics, TopicSettings
from services.notifier.bootstrap import Deployment, notifier
from services.notifier.settings import NotifierSettings, SigningSettings


async def run(deployment: Deployment) -> None:
    """Run until SIGTERM or SIGINT; calls in flight are waited for."""
    registry = CollectorRegistry()
    async with notifier(deployment, registry) as service:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, service.stop)
        health = HealthPort(service.why_not_alive, service.why_not_ready, registry, deployment.settings.health_port)
        await health.start()
        logger().info(names.LOG_STARTED, service="notifier", health_port=health.port)
        try:
            await service.run()
        finally:
            await health.stop()
        logger().info(names.LOG_STOPPED, service="notifier")


def main() -> None:
    """Read the settings and run."""
    set_up_logging()
    settings = NotifierSettings()
    topics = Topics.of(TopicSettings())
    asyncio.run(run(Deployment(settings, KafkaSettings(), topics, SigningSettings())))


if __name__ == "__main__":
    main()
