"""The deal stream as a plain Faust agent: state in a table in memory with a changelog, at least once."""

from __future__ import annotations

import os
import sys
from typing import Any

import faust

from bench.workload import CHANGE, EVENT, decide


def build(bootstrap: str, in_topic: str, out_topic: str, **settings: Any) -> faust.App:
    """The app; `settings` are added to what the run itself prescribes."""
    app = faust.App(
        f"bench-{in_topic}",
        broker=f"kafka://{bootstrap}",
        topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
        topic_replication_factor=1,
        datadir=os.environ["BENCH_STATE"],
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        **settings,
    )
    given = app.topic(in_topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    outcome = app.topic(out_topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    items = app.Table("items", key_type=str, value_type=dict)

    @app.agent(given)
    async def deal_stream(stream: faust.StreamT[bytes]) -> None:
        async for message in stream.events():
            item = message.key.decode()
            now = int(message.message.timestamp * 1000)
            items[item], events = decide(items.get(item), CHANGE.decode(message.value), now)
            for event in events:
                await outcome.send(key=message.key, value=EVENT.encode(event))

    return app


def work(app: faust.App) -> None:
    """Run the app until the process is told to stop."""
    faust.Worker(app, loglevel="WARNING").execute_from_commandline()


if __name__ == "__main__":
    work(build(*sys.argv[1:4]))
