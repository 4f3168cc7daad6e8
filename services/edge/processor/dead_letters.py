"""Records that cannot be processed: how they are kept, found again and put back."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.edge.processor.ending import StopError
from services.edge.processor.outputs import Placed
from services.edge.processor.settings import Ceiling
from services.edge.stream import Headers

PREFIX = "dead-letter-"
REDRIVE_OF = "redrive-of"
_LONGEST_DETAIL = 1_000
_LONGEST_KEY = 1_000


class Origin(NamedTuple):
    """Where a record came from."""

    topic: str
    partition: int
    offset: int
    timestamp: int


class Fault(NamedTuple):
    """Why it could not be processed; `ours` counts towards the ceiling."""

    reason: str
    detail: str
    ours: bool
    tenant: str


class DeadLetter(NamedTuple):
    """A parked record as it lies in the dead-letter topic; `at` is its own place there (`partition:offset`)."""

    at: str
    origin: Origin
    fault: Fault
    key: bytes | None
    value: bytes | None
    headers: Headers


def tenant_of(key: bytes | None) -> str:
    """Return the tenant that a key begins with."""
    return (key or b"").split(b"/", 1)[0].decode(errors="replace")


def parked(
    topic: str, partition: int, record: tuple[bytes | None, bytes | None, Headers], origin: Origin, fault: Fault
) -> Placed:
    """Make the dead letter: original key, value and headers, and ours behind them."""
    key, value, headers = record
    ours = {
        "topic": origin.topic,
        "partition": origin.partition,
        "offset": origin.offset,
        "timestamp": origin.timestamp,
        "reason": fault.reason,
        "detail": fault.detail[:_LONGEST_DETAIL],
        "ours": int(fault.ours),
        "tenant": fault.tenant,
    }
    added = [(PREFIX + name, str(each).encode()) for name, each in ours.items()]
    return Placed(topic, partition, key, value, (*headers, *added))


def without_bytes(topic: str, partition: int, key: bytes | None, origin: Origin, fault: Fault) -> Placed:
    """Make the dead letter of a record that is larger than a dead letter may be: it still says where it lies."""
    told = fault._replace(
        detail=f"{fault.detail[: _LONGEST_DETAIL // 2]} (too large to be kept: read it at its origin)"
    )
    return parked(topic, partition, (None if key is None else key[:_LONGEST_KEY], None, ()), origin, told)


def read_dead_letter(record: Any) -> DeadLetter:
    """Read a record of a dead-letter topic; what others wrote into it has an empty origin."""
    about = {
        name[len(PREFIX) :]: (value or b"").decode(errors="replace")
        for name, value in record.headers
        if name.startswith(PREFIX)
    }
    origin = Origin(about.get("topic", ""), *(_number(about, name) for name in ("partition", "offset", "timestamp")))
    fault = Fault(
        about.get("reason", "unknown"), about.get("detail", ""), about.get("ours") == "1", about.get("tenant", "")
    )
    headers = tuple((name, value) for name, value in record.headers if not name.startswith(PREFIX))
    return DeadLetter(f"{record.partition}:{record.offset}", origin, fault, record.key, record.value, headers)


async def list_dead_letters(reader: AIOKafkaConsumer, topic: str) -> AsyncIterator[DeadLetter]:
    """Yield what the topic holds now, partition by partition; the reader has no group and is started."""
    await _must_exist(reader, topic)
    parts = [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic) or ())]
    for part in parts:
        async for record in read_to_end(reader, part, (await reader.beginning_offsets([part]))[part]):
            yield read_dead_letter(record)


async def show(reader: AIOKafkaConsumer, topic: str, at: str) -> DeadLetter:
    """Return one dead letter by its place; raises LookupError, ValueError where it is not `partition:offset`."""
    partition, offset = place_of(at)
    await _must_exist(reader, topic)
    part = TopicPartition(topic, partition)
    async for record in read_to_end(reader, part, offset):
        if record.offset == offset:
            return read_dead_letter(record)
        break
    raise LookupError(f"{topic} has no record at {at}")


def place_of(at: str) -> tuple[int, int]:
    """Read `partition:offset`; raises ValueError."""
    partition, _, offset = at.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise ValueError(f"{at[:40]!r} is not a place: partition:offset, as `list` shows it")
    return int(partition), int(offset)


async def _must_exist(reader: AIOKafkaConsumer, topic: str) -> None:
    """Raise LookupError for an unknown topic; a client cannot assign what it has never seen, either."""
    if topic not in await reader.topics():
        raise LookupError(f"there is no topic {topic}")
    await reader._client._wait_on_metadata(topic)


async def redrive(producer: AIOKafkaProducer, letter: DeadLetter) -> None:
    """Send the original bytes to the original topic again; the change id within them makes a second one a repeat."""
    if not letter.origin.topic:
        raise LookupError(f"{letter.at} does not say where it came from")
    if letter.value is None:
        raise LookupError(f"{letter.at} has no bytes to send again: a timer, a tombstone, or too large to be kept")
    headers = [*letter.headers, (REDRIVE_OF, letter.at.encode())]
    await producer.send_and_wait(letter.origin.topic, key=letter.key, value=letter.value, headers=headers)


async def read_to_end(reader: AIOKafkaConsumer, part: TopicPartition, start: int) -> AsyncIterator[Any]:
    """Yield the committed records of a partition from `start` to where it ends now."""
    reader.assign([part])
    end = (await reader.end_offsets([part]))[part]
    reader.seek(part, start)
    while await reader.position(part) < end:
        for record in (await reader.getmany(part, timeout_ms=200)).get(part, ()):
            yield record


class CeilingWatch:
    """Watches the share of recent changes that failed through our own fault."""

    def __init__(self, ceiling: Ceiling) -> None:
        self._ceiling = ceiling
        self._recent: deque[tuple[bytes | None, bool]] = deque()
        self._faults = 0

    def saw(self, key: bytes | None, ours: bool) -> None:
        """Count one change of the inbox."""
        self._recent.append((key, ours))
        self._faults += ours
        if len(self._recent) > self._ceiling.window:
            self._faults -= self._recent.popleft()[1]

    def check(self) -> None:
        """Raise StopError when the ceiling is passed; called before each commit."""
        if self._faults < self._ceiling.minimum or self._faults <= self._ceiling.share * len(self._recent):
            return
        tenants = {tenant_of(key) for key, _ in self._recent}
        faulty = {tenant_of(key) for key, ours in self._recent if ours}
        if len(tenants) == 1 or len(faulty) > 1:
            raise StopError(
                f"{self._faults} of the last {len(self._recent)} changes failed through a fault of ours "
                f"(ceiling {self._ceiling.share:.0%}), of {len(faulty)} of {len(tenants)} tenants: see the dead letters"
            )


def _number(about: Mapping[str, str], name: str) -> int:
    found = about.get(name, "")
    return int(found) if found.lstrip("-").isdigit() else -1
