"""Consume, decide, produce in transactions of librdkafka, without any state: what the client alone allows."""

from __future__ import annotations

import sys
import time

from confluent_kafka import Consumer, Producer  # type: ignore[import-not-found]  # the peer's own

from bench.workload import CHANGE, EVENT, decide

COMMIT_EVERY = 0.1  # seconds
AT_ONCE = 500  # messages of one call to consume


def main(bootstrap: str, in_topic: str, out_topic: str) -> None:
    group = f"bench-{in_topic}"
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": group,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "compression.type": "none",
        }
    )
    producer.init_transactions()
    consumer.subscribe([in_topic])
    while True:
        transaction(consumer, producer, out_topic)


def transaction(consumer: Consumer, producer: Producer, out_topic: str) -> None:
    """What comes in within `COMMIT_EVERY` of the first message, as one transaction."""
    messages = consumer.consume(AT_ONCE, 0.01)
    if not messages:
        return
    producer.begin_transaction()
    until = time.monotonic() + COMMIT_EVERY
    while messages:
        for message in messages:
            handle(message, producer, out_topic)
        producer.poll(0)
        left = until - time.monotonic()
        messages = consumer.consume(AT_ONCE, min(left, 0.01)) if left > 0 else []
    producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata())
    producer.commit_transaction()


def handle(message, producer: Producer, out_topic: str) -> None:  # type: ignore[no-untyped-def]  # untyped library
    if message.error():
        raise RuntimeError(message.error())
    change = CHANGE.decode(message.value())
    for event in decide(None, change, message.timestamp()[1]).events:
        producer.produce(out_topic, key=message.key(), value=EVENT.encode(event))


if __name__ == "__main__":
    main(*sys.argv[1:4])
