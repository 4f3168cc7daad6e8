"""The Faust application, within the limits that were measured (docs/decisions/0009, research on reliability).

Faust acknowledges a record whose agent raised, loses what `take()` or `concurrency > 1` had in flight, and commits
past refused sends. So: one agent of concurrency 1 that never yields nor raises, raw bytes in, no tables, no web
server. A committed offset means nothing here: each start is a group of its own and reads the log from its beginning.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import faust
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from yarl import URL

from services.edge.broker.state import home_dir
from services.edge.kafka import KafkaSettings, client_args

REQUIRED: dict[str, Any] = {
    "processing_guarantee": "at_least_once",
    "consumer_auto_offset_reset": "earliest",
    "broker_session_timeout": 10.0,
    "broker_heartbeat_interval": 3.0,
    "broker_max_poll_interval": 120.0,
    "broker_max_poll_records": 2_000,
    "broker_commit_every": 500,
    "producer_request_timeout": 30.0,
    "producer_threaded": False,
    "stream_buffer_maxsize": 4,  # of fetches, not of records
    "stream_wait_empty": True,
    "stream_publish_on_commit": False,
    "table_standby_replicas": 1,  # with 0 and no tables, Faust takes an assignor that crashes at the start
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "web_enabled": False,
}
"""Checked after construction: an upgrade that renames one of these must not go unseen."""

Handle = Callable[[Sequence[Any]], Awaitable[None]]


_ANSWERS_S = 5.0


class _Fetch(bytes):
    """Stands for the records of one partition that came together: Faust's work for a message is done once for all.

    Bytes, because that is what a raw topic holds. Records are handled one by one, in their order, like before.
    """

    records: Sequence[Any] = ()


class _CommittedThread(AIOKafkaConsumerThread):
    """Outside its own transactions Faust reads uncommitted records: an aborted event would stand on the board."""

    handed = 0
    """Records that Faust was given."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # read when it starts; there is no setting for it
        return consumer

    async def _fetch_records(self, *args: Any, **options: Any) -> Any:
        fetched = await super()._fetch_records(*args, **options)
        self.handed += sum(map(len, fetched.values()))
        return {part: [_together(records)] for part, records in fetched.items() if records}


def _together(records: Sequence[Any]) -> Any:
    """Return one record in the place of all; its offset is the last one's."""
    value = _Fetch()
    value.records = records
    return replace(records[-1], key=None, value=value, headers=())


class _CommittedConsumer(Consumer):
    def _new_consumer_thread(self) -> _CommittedThread:
        return _CommittedThread(self, loop=self.loop, beacon=self.beacon)


class _CommittedTransport(Transport):
    Consumer: ClassVar[Any] = _CommittedConsumer


def make_app(kafka: KafkaSettings, prefix: str) -> faust.App:
    """Return an application with a consumer group that nobody had before; raises `RuntimeError` for lost settings."""
    args = client_args(kafka)
    home_dir().mkdir(parents=True, exist_ok=True)  # Faust makes its own folder, but none above it
    app = faust.App(
        f"{prefix}live_views-{uuid.uuid4().hex[:12]}",
        broker=[URL(f"kafka://{one.strip()}") for one in args["bootstrap_servers"].split(",")],
        broker_client_id=f"{args['client_id']}-live_views",
        broker_credentials=_credentials(args),
        autodiscover=False,
        store="memory://",
        datadir=str(home_dir() / "live_views"),  # made at each start, and left empty: the board is in memory
        **REQUIRED,
    )
    for name, value in REQUIRED.items():
        found = getattr(app.conf, name)
        if getattr(found, "value", found) != value:
            raise RuntimeError(f"Faust did not take over {name}={value!r}")
    app.transport = _CommittedTransport(app.conf.broker_consumer, app)
    return app


async def left_behind(app: faust.App, ends: Mapping[int, int]) -> int:
    """Return how many offsets before `ends`, of each partition, Faust has not fetched or not handed on yet.

    Only partitions that it reads count; raises `TimeoutError` where its thread does not answer.
    """
    async with asyncio.timeout(_ANSWERS_S):
        held = {part.partition: part for part in app.consumer.assignment()}
        places = {number: await app.consumer.position(part) or 0 for number, part in held.items() if number in ends}
    return sum(max(0, ends[number] - place) for number, place in places.items())


def handed(app: faust.App) -> int:
    """Return how many records Faust was given since the start."""
    consumer: Any = app.consumer
    return int(consumer._thread.handed)


def follow(app: faust.App, topic: str, handle: Handle) -> None:
    """Hand all records of a topic to `handle`, in order for each partition; it must not raise."""
    source = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def each(stream: Any) -> None:
        async for event in stream.events():
            await handle(event.message.value.records)

    app.agent(source, name="live_views", concurrency=1)(each)


def _credentials(args: dict[str, Any]) -> Any:
    tls = args.get("ssl_context")
    if "sasl_plain_username" in args:
        return faust.SASLCredentials(
            username=args["sasl_plain_username"],
            password=args["sasl_plain_password"],
            mechanism=args["sasl_mechanism"],
            ssl_context=tls,
        )
    return faust.SSLCredentials(tls) if tls else None
