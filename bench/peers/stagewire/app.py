"""Stagewire's deal_stream on the topics of the comparison."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import uvloop

from bench.peers.stagewire.company import book
from services.deal_stream.copies import Copies
from services.deal_stream.stream import DealStream
from services.edge.codec import Signer, item_changes, item_events, payment_changes
from services.edge.definitions import FixedDefinitions
from services.edge.kafka import KafkaSettings, admin
from services.edge.processor import Processor, ProcessorSettings
from services.edge.topic_check import apply
from services.edge.topics import Topics


class BenchStream(DealStream):
    """Reads and writes the topics that the harness made."""

    def use(self, in_topic: str, out_topic: str) -> None:
        """Take these topics as inbox and log."""
        self.name = f"stagewire-{in_topic}"
        self.inbox, self.log = in_topic, out_topic


def make(bootstrap: str, in_topic: str, out_topic: str) -> Processor:
    """Build the worker; the topics that outputs may go to besides are made by the harness."""
    events, signer, topics = item_events(), Signer([b"bench" * 8]), Topics(prefix=f"{in_topic}-")
    changes = item_changes(signer)
    copies = Copies(topics, events, changes, payment_changes(signer))
    extra = int(os.environ.get("BENCH_EXTRA_RULES", "0"))
    stream = BenchStream(topics, changes, events, copies, FixedDefinitions(book(extra)), "bench")
    stream.use(in_topic, out_topic)
    settings = ProcessorSettings(data_dir=Path(os.environ["BENCH_STATE"]))
    return Processor(stream, settings, KafkaSettings(bootstrap_servers=bootstrap))


async def make_topics(bootstrap: str, in_topic: str) -> None:
    """Make the topics besides those of the harness."""
    client = admin(KafkaSettings(bootstrap_servers=bootstrap))
    await client.start()
    try:
        await apply(client, Topics(f"{in_topic}-", int(os.environ["BENCH_PARTITIONS"])).declared())
    finally:
        await client.close()


async def main(bootstrap: str, in_topic: str, out_topic: str) -> None:
    """Work until SIGTERM."""
    await make_topics(bootstrap, in_topic)
    processor = make(bootstrap, in_topic, out_topic)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, processor.stop)
    await processor.run()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
