"""`python -m services.live_views`: one copy of the board; each start folds it anew from the log."""

from __future__ import annotations

import asyncio
import signal

from services.edge import names
from services.edge.codec import item_events
from services.edge.health import HealthPort
from services.edge.kafka import KafkaSettings
from services.edge.log import logger, set_up_logging
from services.edge.topics import Topics, TopicSettings
from services.live_views.board import WANTED
from services.live_views.service import LiveViews
from services.live_views.settings import LiveViewsSettings


async def run(kafka: KafkaSettings, topics: Topics, settings: LiveViewsSettings) -> None:
    """Run until SIGTERM or SIGINT; ends with an error where the board has to be folded anew."""
    codec = item_events()
    views = LiveViews(kafka, topics, settings, lambda value: codec.skim(value, WANTED))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, views.stop)
    health = HealthPort(views.why_not_alive, views.why_not_ready, views.registry, settings.health_port)
    await health.start()
    logger().info(names.LOG_STARTED, service="live_views", health_port=health.port)
    try:
        await views.run()
    finally:
        await health.stop()
    logger().info(names.LOG_STOPPED, service="live_views")


def main() -> None:
    """Read the settings and run."""
    set_up_logging()
    asyncio.run(run(KafkaSettings(), Topics.of(TopicSettings()), LiveViewsSettings()))


if __name__ == "__main__":
    main()
