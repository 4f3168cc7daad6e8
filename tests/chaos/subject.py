"""What the harness needs to know of a stream under test: one module with a stream and changes for it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from aiokafka.admin import NewTopic

from services.edge.stream import Headers, Stream

Made = tuple[bytes, bytes, Headers]


class Subject(Protocol):
    """A module under test, given by its dotted name: `tests.chaos.toy` is the example."""

    def stream(self, prefix: str) -> Stream[Any, Any]:
        """Make the stream with all topic names (and the group) behind a prefix."""
        ...

    def changes(self, rng: random.Random) -> Iterator[Made]:
        """Yield key, value and headers of changes for ever, the same for the same generator."""
        ...

    def topics(self, prefix: str) -> Sequence[str]:
        """Return further topics that outputs go to."""
        ...

    def is_output(self, topic: str, record: Any) -> bool:
        """Say whether a record, not sent by the harness, is an output of the stream."""
        ...


class Place(NamedTuple):
    """Where a run takes place."""

    subject: str
    prefix: str
    bootstrap: str
    partitions: int


def load(name: str) -> Subject:
    """Import the module; `toy` is short for `tests.chaos.toy`."""
    return cast("Subject", import_module(name if "." in name else f"tests.chaos.{name}"))


def new_topics(place: Place) -> list[NewTopic]:
    """Return the topics of a run: the inbox is stamped by the broker."""
    subject = load(place.subject)
    stream = subject.stream(place.prefix)

    def topic(name: str, **config: str) -> NewTopic:
        return NewTopic(
            name, place.partitions, 1, topic_configs={key.replace("_", "."): value for key, value in config.items()}
        )

    return [
        topic(stream.inbox, message_timestamp_type="LogAppendTime"),
        topic(stream.log),
        topic(stream.snapshots, cleanup_policy="compact"),
        topic(stream.dead_letters),
        *map(topic, subject.topics(place.prefix)),
    ]
