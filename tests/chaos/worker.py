"""A worker process of the harness: `python -m tests.chaos.worker`."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click
import uvloop

from services.edge.kafka import KafkaSettings
from services.edge.log import set_up_logging
from services.edge.processor import Processor, ProcessorSettings
from tests.chaos.mutants import MUTANTS
from tests.chaos.subject import load


@click.command()
@click.option("--stream", required=True)
@click.option("--prefix", required=True)
@click.option("--bootstrap", required=True)
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--instance", default=None)
@click.option("--mutant", type=click.Choice(sorted(MUTANTS)), default="none")
def main(stream: str, prefix: str, bootstrap: str, data: Path, instance: str | None, mutant: str) -> None:
    """Run a worker with short time-outs until SIGTERM."""
    set_up_logging()
    settings = ProcessorSettings(
        data_dir=data, instance_id=instance, session_timeout_ms=6_000, transaction_timeout_ms=15_000,
        snapshot_every=2_000, cached_items=100,
    )  # fmt: skip
    kafka = KafkaSettings(bootstrap_servers=bootstrap)
    found = load(stream).stream(prefix)
    uvloop.run(_run(Processor(found, settings, kafka, clients=MUTANTS[mutant](found.name, settings, kafka))))


async def _run(processor: Processor) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, processor.stop)
    await processor.run()


if __name__ == "__main__":
    main(sys.argv[1:])
