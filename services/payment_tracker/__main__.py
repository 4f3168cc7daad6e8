"""`python -m services.payment_tracker`: one worker of the payment tracker."""

from __future__ import annotations

import asyncio
import signal
from importlib.metadata import version

from services.edge.codec import prepare
from services.edge.codec.streams import CHANGES, PAYMENTS
from services.edge.kafka import KafkaSettings
from services.edge.log import set_up_logging
from services.edge.topics import TopicSettings
from services.payment_tracker.bootstrap import Tracker, build
from services.payment_tracker.settings import TrackerSettings


async def run(settings: TrackerSettings) -> None:
    """Run until SIGTERM or SIGINT; batches under way are committed before it returns."""
    await prepare(PAYMENTS, CHANGES)
    tracker: Tracker = build(settings, TopicSettings(), KafkaSettings(), version("stagewire"))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, tracker.worker.stop)
    await tracker.health.start()
    try:
        await tracker.worker.run()
    finally:
        await tracker.health.stop()


def main() -> None:
    """Read the settings and run."""
    set_up_logging()
    asyncio.run(run(TrackerSettings()))


if __name__ == "__main__":
    main()
