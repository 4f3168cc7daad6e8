"""The deal stream with Quix Streams: exactly once, state in RocksDB with a changelog."""

from __future__ import annotations

import os
import sys
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]  # of the peer's own environment
from quixstreams.state import State  # type: ignore[import-not-found]  # as above

from bench.workload import CHANGE, EVENT, decide


def handle(value: bytes, _key: bytes, timestamp: int, _headers: Any, state: State) -> list[bytes]:
    after, events = decide(state.get("item"), CHANGE.decode(value), timestamp)
    state.set("item", after)
    return [EVENT.encode(event) for event in events]


def main(bootstrap: str, in_topic: str, out_topic: str) -> None:
    app = Application(
        broker_address=bootstrap,
        consumer_group=f"bench-{in_topic}",
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=0.1,  # what Kafka Streams takes by default; the default of Quix is 5 s
        state_dir=os.environ["BENCH_STATE"],
        loglevel="WARNING",
    )
    given = app.topic(in_topic, key_deserializer="bytes", value_deserializer="bytes")
    outcome = app.topic(out_topic, key_serializer="bytes", value_serializer="bytes")
    stream = app.dataframe(given)
    stream = stream.apply(handle, stateful=True, expand=True, metadata=True)
    stream.to_topic(outcome)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:4])
