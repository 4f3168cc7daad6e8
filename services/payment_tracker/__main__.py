"""Runs one worker of `payment_tracker` until it is asked to stop."""

from __future__ import annotations

import asyncio
import signal
from importlib.metadata import version

from services.edge.kafka import KafkaSettings
from services.edge.log import set_up_logging
from services.edge.topics import TopicSettings
from services.payment_tracker.bootstrap import build
from services.payment_tracker.settings import TrackerSettings


async def run() -> None:
    """Work until SIGTERM or SIGINT; batches under way are committed before it returns."""
    worker = build(TrackerSettings(), TopicSettings(), KafkaSettings(), version("stagewire"))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stop)
    await worker.run()


if __name__ == "__main__":
    set_up_logging()
    asyncio.run(run())
