"""Compares the topics with the model: per key, as sequences, because a total hides one lost and one doubled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.edge.processor.dead_letters import read_dead_letter, read_to_end
from services.edge.stream import Stream
from services.edge.topics import partition_for
from tests.chaos.model import Expected, Model
from tests.chaos.sender import SENT
from tests.chaos.subject import Place, load

Held = dict[int, list[Any]]
_TRIES = 10


_FIGURES = {
    "lost": "lost", "doubled": "doubled", "disordered": "out of order", "early": "early timers",
    "phantom": "phantom", "twice": "performed twice", "unknown": "unknown fates",
}  # fmt: skip


@dataclass
class Verdict:
    """Figures of a run; everything but `unknown` and `counted` must be 0."""

    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    early: int = 0
    phantom: int = 0
    twice: int = 0
    """Effects performed more than once."""
    unknown: int = 0
    """Effects whose fate is unknown, and told so: no fault."""
    counted: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        """Say whether anything is wrong."""
        return bool(self.lost or self.wrong)

    @property
    def wrong(self) -> bool:
        """Say whether something is wrong that waiting cannot mend."""
        return bool(self.doubled or self.disordered or self.early or self.phantom or self.twice)

    def add(self, part: str, other: Verdict) -> None:
        """Add the figures of a part of the stack."""
        for name in _FIGURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.counted |= {f"{part} {name}": value for name, value in other.counted.items()}
        self.examples += [f"{part}: {example}" for example in other.examples]

    def __str__(self) -> str:
        counted = ", ".join(f"{name} {value}" for name, value in self.counted.items())
        return ", ".join(f"{words} {getattr(self, name)}" for name, words in _FIGURES.items()) + f" ({counted})"


async def check(place: Place, up_to: int) -> Verdict:
    """Read all topics of a run as committed, and compare."""
    subject = load(place.subject)
    stream = subject.stream(place.prefix)
    topics = [stream.inbox, stream.log, stream.dead_letters, *subject.topics(place.prefix)]
    return await compare(place, await read_topics(place.bootstrap, topics, place.partitions), up_to)


async def compare(place: Place, held: Mapping[str, Held], up_to: int) -> Verdict:
    """Compare a stream with its model; of the topics held, those that it writes to count."""
    subject = load(place.subject)
    stream = subject.stream(place.prefix)
    await stream.catch_up(None)
    ours = {stream.inbox, stream.log, stream.dead_letters, *subject.topics(place.prefix)}
    expected = Model(stream, place.partitions, up_to).run(held[stream.inbox])
    found = {topic: records for topic, records in held.items() if topic in ours}
    return Comparison(stream, found, expected, place.partitions, subject.is_output).verdict()


async def read_topics(bootstrap: str, topics: Iterable[str], partitions: int) -> dict[str, Held]:
    """Return the committed records of topics by partition, read anew while they grow: parts of other moments mislead.

    What grew through all tries is returned as it was read last.
    """
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="none",
        max_partition_fetch_bytes=8_000_000,
    )
    names = sorted(set(topics))
    parts = [TopicPartition(topic, number) for topic in names for number in range(partitions)]
    await reader.start()
    try:
        for topic in names:
            await reader._client._wait_on_metadata(topic)
        for _ in range(_TRIES):
            before = await reader.end_offsets(parts)
            held = {topic: await _records(reader, topic, partitions) for topic in names}
            if await reader.end_offsets(parts) == before:
                break
        return held
    finally:
        await reader.stop()


async def _records(reader: AIOKafkaConsumer, topic: str, partitions: int) -> Held:
    parts = [TopicPartition(topic, number) for number in range(partitions)]
    return {part.partition: [record async for record in read_to_end(reader, part, 0)] for part in parts}


class Comparison:
    """Compares one run."""

    def __init__(
        self, stream: Stream[Any, Any], held: dict[str, dict[int, list[Any]]], expected: Expected, partitions: int,
        is_output: Callable[[str, Any], bool] = lambda _topic, _record: True,
    ) -> None:  # fmt: skip
        self._is_output = is_output
        self._stream = stream
        self._held = held
        self._expected = expected
        self._partitions = partitions
        self._verdict = Verdict()

    def verdict(self) -> Verdict:
        """Compare log, outputs and dead letters."""
        self._compare_log()
        self._compare_sent()
        self._compare_parked()
        self._compare_forwarded()
        found = self._expected
        self._verdict.counted |= {
            "changes": sum(map(len, self._held[self._stream.inbox].values())), "timers": found.fired,
            "keys": len(found.log), "forwarded": found.forwarded, "parked": sum(found.parked.values()),
        }  # fmt: skip
        return self._verdict

    def _compare_log(self) -> None:
        actual: dict[bytes, list[bytes]] = defaultdict(list)
        for record in self._all(self._stream.log):
            actual[record.key].append(record.value)
            self._verdict.early += self._early(record)
        self._verdict.counted["events"] = sum(map(len, actual.values()))
        for key in sorted(actual.keys() | self._expected.log.keys()):
            wanted, found = self._expected.log.get(key, []), actual[key]
            if found != wanted[: len(found)] or len(found) < self._expected.surely[key]:
                self._explain(key, wanted, found)

    def _early(self, record: Any) -> bool:
        """An event was appended before its own moment: a timer fired too soon."""
        return bool(record.timestamp < self._stream.read_event(record.value, record.headers).envelope.recorded_at)

    def _explain(self, key: bytes, wanted: list[bytes], found: list[bytes]) -> None:
        """Compare by what caused an event, as versions differ behind the first error."""
        should, does = Counter(map(self._cause, wanted)), Counter(map(self._cause, found))
        must = Counter(map(self._cause, wanted[: self._expected.surely[key]]))
        lost, extra = (must - does).total(), does - should
        self._verdict.lost += lost
        self._verdict.phantom += sum(count for cause, count in extra.items() if cause not in should)
        self._verdict.doubled += sum(count for cause, count in extra.items() if cause in should)
        self._verdict.disordered += not lost and not extra
        at = _first_difference(wanted, found)
        place = f"{key!r} differs at {at} of {len(wanted)}/{len(found)}"
        self._example(f"{place}: {wanted[at : at + 1]} {found[at : at + 1]}")

    def _cause(self, value: bytes) -> tuple[str, str]:
        recorded = self._stream.read_event(value, ())
        return recorded.envelope.cause_id, str(recorded.event)

    def _compare_sent(self) -> None:
        actual = Counter(
            (topic, record.key, record.value)
            for topic in self._held.keys() - {self._stream.log, self._stream.dead_letters}
            for record in self._all(topic)
            if not _ours(record) and self._is_output(topic, record)
        )
        self._count(self._expected.outputs, actual, self._expected.outputs + self._expected.perhaps, "output")

    def _compare_parked(self) -> None:
        letters = [read_dead_letter(record) for record in self._all(self._stream.dead_letters)]
        ours = [letter.origin for letter in letters if letter.origin.topic == self._stream.inbox]
        actual = Counter((origin.partition, origin.offset) for origin in ours)
        self._count(self._expected.parked, actual, self._expected.parked, "dead letter")

    def _compare_forwarded(self) -> None:
        """Each change that came on a wrong partition is on the right one exactly once."""
        came: Counter[bytes] = Counter()
        right: Counter[bytes] = Counter()
        for record in self._all(self._stream.inbox):
            if _ours(record) and (record.partition, record.offset) not in self._expected.parked:
                came[_ours(record)] = 1
                right[_ours(record)] += partition_for(record.key, self._partitions) == record.partition
        self._count(came, right, came, "forwarded change")

    def _count(self, must: Counter[Any], actual: Counter[Any], may: Counter[Any], what: str) -> None:
        lost, extra = must - actual, actual - may
        self._verdict.lost += lost.total()
        self._verdict.doubled += sum(count for each, count in extra.items() if each in may)
        self._verdict.phantom += sum(count for each, count in extra.items() if each not in may)
        for each in [*lost][:2] + [*extra][:2]:
            self._example(f"{what} {each}: wanted {must[each]}, found {actual[each]}")

    def _all(self, topic: str) -> Iterable[Any]:
        return (record for records in self._held[topic].values() for record in records)

    def _example(self, text: str) -> None:
        if len(self._verdict.examples) < 10:
            self._verdict.examples.append(text[:800])


def _ours(record: Any) -> bytes:
    return next((value for name, value in record.headers if name == SENT), b"")


def _first_difference(wanted: list[bytes], found: list[bytes]) -> int:
    pairs = enumerate(zip(wanted, found, strict=False))
    return next((at for at, (should, does) in pairs if should != does), min(len(wanted), len(found)))
