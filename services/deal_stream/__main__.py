"""Runs one worker of `deal_stream` until it is asked to stop."""

from __future__ import annotations

import asyncio
import signal
from importlib.metadata import version

import uvloop

from services.deal_stream.bootstrap import worker
from services.deal_stream.settings import DealStreamSettings
from services.edge.kafka import KafkaSettings
from services.edge.log import set_up_logging
from services.edge.topics import TopicSettings


async def run() -> None:
    """Work until SIGTERM or SIGINT; batches under way are committed before it returns."""
    settings = DealStreamSettings()
    async with worker(settings, TopicSettings(), KafkaSettings(), version("stagewire")) as (processor, health):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, processor.stop)
        await health.start()
        try:
            await processor.run()
        finally:
            await health.stop()


def main() -> None:
    """Set up the log and run."""
    set_up_logging()
    uvloop.run(run())


if __name__ == "__main__":
    main()
