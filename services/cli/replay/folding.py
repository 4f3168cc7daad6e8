"""Fold one partition of a log from its beginning in the pure core, and note what is wrong with the log itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from automation.envelope import Recorded
from automation.payments import evolve as payments
from automation.payments.state import PayableState
from automation.payments.state import initial as initial_payable
from automation.records import fold as fold_log
from services.edge.codec import RecordCodec, StateCodec, item_events, payment_events
from services.edge.processor.dead_letters import read_to_end
from services.edge.topics import Topics, partition_for
from services.history.records import Log


class Kind(NamedTuple):
    """A log with its fold: what `deal_stream` and `payment_tracker` do when they restore."""

    log: Log
    service: str
    stream: str
    """Name of the stream: consumer group, and beginning of the local stores' names."""
    topic: str
    decode: Callable[[bytes], Recorded]
    initial: Callable[[], Any]
    evolve: Callable[[Any, Recorded], Any]
    write: Callable[[Any], bytes]
    fold_version: int


def kinds(topics: Topics) -> tuple[Kind, ...]:
    """Return both logs."""
    item_state, payable = StateCodec(), RecordCodec(PayableState)
    engine, tracker = "deal_stream", "payment_tracker"
    return (
        Kind("item", engine, f"{topics.prefix}{engine}", topics.events, item_events().decode,
             fold_log.initial, fold_log.evolve, item_state.encode, fold_log.FOLD_VERSION),
        Kind("payment", tracker, f"{topics.prefix}{tracker}", topics.payment_events, payment_events().decode,
             initial_payable, payments.evolve, payable.encode, payments.FOLD_VERSION),
    )  # fmt: skip


class Difference(NamedTuple):
    """Something that is not as the log says: the key, where it was found, and what is there instead."""

    key: str
    where: str
    detail: str


class Folded(NamedTuple):
    """The states of one partition by key; `next` is the offset behind its last event."""

    states: dict[str, Any]
    next: int
    events: int
    faults: list[Difference]


async def fold(reader: AIOKafkaConsumer, kind: Kind, part: TopicPartition, partitions: int) -> Folded:
    """Fold a partition; raises UnreadableError, UnknownEventError for what this release cannot read."""
    states: dict[str, Any] = {}
    faults: list[Difference] = []
    events = next_ = 0
    async for record in read_to_end(reader, part, (await reader.beginning_offsets([part]))[part]):
        recorded = kind.decode(record.value)
        key = recorded.envelope.key.text
        state = states.get(key)
        before = state.version if state is not None else 0
        faults += _flaws(recorded, record, before, partitions)
        events, next_ = events + 1, record.offset + 1
        if recorded.envelope.version > before:
            states[key] = kind.evolve(kind.initial() if state is None else state, recorded)
    return Folded(states, next_, events, faults)


def _flaws(recorded: Recorded, record: Any, before: int, partitions: int) -> list[Difference]:
    """Check what the log promises: key and body agree, on the key's partition, versions without gap or repeat."""
    key, version = recorded.envelope.key.text, recorded.envelope.version
    place = f"log {record.partition}:{record.offset}"
    found = []
    if version != before + 1:
        found.append(Difference(key, place, f"version {version} follows {before}"))
    if record.key != key.encode():
        found.append(Difference(key, place, f"the record's key is {record.key!r}"[:200]))
    elif not before and partition_for(record.key, partitions) != record.partition:
        found.append(Difference(key, place, "the key belongs to another partition"))
    return found
