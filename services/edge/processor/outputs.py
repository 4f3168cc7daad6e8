"""The records of one batch, packed per topic and partition as they will go over the wire.

Packing straight into `BatchBuilder`s of the producer costs a fraction of its `send`, which makes a future and a task
switch for each record. `send_batch` adds the partition to the transaction as `send` does (tests/kafka prove it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from automation.values import Moment
from services.edge.stream import Headers, Output
from services.edge.topics import partition_for

_RECORD_FRAME = 100
"""Bytes that Kafka adds to key, value and headers of a record, rounded up."""
NEXT_OFFSET = "next-offset"
"""Header of every event: the input position after it, from which to go on if the committed offset is lost."""


class TooLargeError(Exception):
    """A record would be refused by the broker, and refused again on each retry."""


class UnknownTopicError(Exception):
    """The number of partitions of a topic is not known yet: ask the broker and decide again."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self.topic = topic


class Placed(NamedTuple):
    """An output with the partition it goes to."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@lru_cache(maxsize=65_536)
def _partition(key: bytes, count: int) -> int:
    return partition_for(key, count)


class Places:
    """Knows the partition of every output; shared by the partitions of a worker."""

    def __init__(self, counts: dict[str, int], largest: int, largest_of: Mapping[str, int]) -> None:
        self.counts = counts
        self._largest = largest
        self._largest_of = largest_of
        self.doubtful = min(largest, *largest_of.values()) // 2 if largest_of else largest // 2
        """Bytes of an event's value from which a check is due: its headers are our own, and small."""

    def of(self, topic: str, key: bytes) -> int:
        """Return the murmur2 partition of a key; raises UnknownTopicError."""
        count = self.counts.get(topic)
        if count is None:
            raise UnknownTopicError(topic)
        return _partition(key, count)

    def place(self, output: Output) -> Placed:
        """Choose the partition and check the size; raises TooLargeError, UnknownTopicError."""
        placed = Placed(output.topic, self.of(output.topic, output.key), *output[1:])
        self.check(placed)
        return placed

    def check(self, placed: Placed) -> None:
        """Raise TooLargeError if the broker would refuse the record."""
        size = size_of(placed)
        limit = self._largest_of.get(placed.topic, self._largest)
        if size > limit:
            raise TooLargeError(f"a record of {size} bytes for {placed.topic}, which takes {limit}")


def size_of(placed: Placed) -> int:
    """Return the size of a record on the wire, rounded up."""
    size = _RECORD_FRAME + len(placed.key or b"") + len(placed.value or b"")
    for name, value in placed.headers:
        size += 4 * len(name) + len(value or b"") + 10  # others may send a header without a value
    return size


class Outputs:
    """Builders by topic and partition, in order."""

    def __init__(self, new_builder: Callable[[], Any], timestamp: Moment) -> None:
        self._new_builder = new_builder
        self.timestamp = timestamp
        self._builders: dict[tuple[str, int], list[Any]] = {}
        self.count = 0
        self.size = 0

    def add(self, records: Sequence[Placed]) -> None:
        """Append records; a full builder is followed by another one."""
        for placed in records:
            place = placed[:2]
            builders = self._builders.get(place)
            if builders is None:
                builders = self._builders[place] = [self._new_builder()]
            taken = self._append(builders[-1], placed)
            if taken is None:
                builders.append(self._new_builder())
                taken = self._append(builders[-1], placed)
            self.size += taken.size
        self.count += len(records)

    def rounds(self) -> Iterator[list[tuple[str, int, Any]]]:
        """Yield builders so that each round has one per partition: order within a partition is the order of rounds."""
        for turn in range(max(map(len, self._builders.values()), default=0)):
            yield [(*at, found[turn]) for at, found in self._builders.items() if len(found) > turn]

    def _append(self, builder: Any, placed: Placed) -> Any:
        headers = placed.headers if type(placed.headers) is list else list(placed.headers)  # it takes nothing else
        return builder.append(timestamp=self.timestamp, key=placed.key, value=placed.value, headers=headers)
