"""`python -m services.history`: one process of the index."""

from __future__ import annotations

import asyncio
import gc
import signal

from services.edge import names
from services.edge.kafka import KafkaSettings
from services.edge.log import logger, set_up_logging
from services.edge.topics import Topics, TopicSettings
from services.history.bootstrap import history_service
from services.history.settings import HistorySettings
from services.notifier.settings import SigningSettings


async def run(kafka: KafkaSettings, topics: Topics, settings: HistorySettings, signing: SigningSettings) -> None:
    """Run until SIGTERM or SIGINT."""
    async with history_service(kafka, topics, settings, signing) as (service, health):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, service.stop)
        await health.start()
        _calm_collector()
        logger().info(names.LOG_STARTED, service="history", health_port=health.port)
        try:
            await service.run()
        finally:
            await health.stop()
        logger().info(names.LOG_STOPPED, service="history")


def _calm_collector() -> None:
    """A fetch is thousands of objects without cycles: looking through them again and again finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def main() -> None:
    """Read the settings and run."""
    set_up_logging()
    asyncio.run(run(KafkaSettings(), Topics.of(TopicSettings()), HistorySettings(), SigningSettings()))


if __name__ == "__main__":
    main()
