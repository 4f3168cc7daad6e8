"""Copies effects from Kafka into the ledger, in one transaction with their offset (design section 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, NamedTuple

from automation.envelope import Envelope, Recorded
from services.edge.codec import patiently
from services.edge.codec.headers import trace_of
from services.edge.processor.dead_letters import CeilingWatch, Fault, tenant_of
from services.edge.processor.settings import Ceiling
from services.edge.sql import PositionRefusedError
from services.edge.stream import UnreadableError
from services.edge.tracing import incoming
from services.notifier.means import Means
from services.notifier.ports import Codec, Incoming, Parked
from services.notifier.rows import NewEffect

PERFORMED_ELSEWHERE: Final = frozenset({"search", "payment", "item"})
"""Channels that other services perform; `history` answers searches from the same topic."""

LONGEST_NAME: Final = 500
"""Characters of an id or key: several of them fit into one index entry of PostgreSQL (2.7 kB)."""


class Sorted(NamedTuple):
    """A batch of records, by what is to be done with them."""

    effects: list[NewEffect]
    parked: list[Parked]
    elsewhere: int


class Intake:
    """Takes batches of one partition each, in the order of their offsets."""

    def __init__(
        self,
        means: Means,
        channels: Collection[str],
        ceiling: Ceiling = Ceiling(),  # noqa: B008 - it is frozen
    ) -> None:
        self._ledger, self._codec, self._records, self._clock, self._metrics = means
        self._channels = channels
        self._watch = CeilingWatch(ceiling)

    async def position(self, topic: str, partition: int) -> int | None:
        """Return the offset to read next, or `None` where nothing was read yet."""
        return await asyncio.to_thread(self._ledger.position, context(topic, partition))

    async def take(self, batch: Sequence[Incoming]) -> Sorted | None:
        """Store a batch and return how it was sorted, or `None` where another owner was faster.

        Dead letters are stored before the offset: a crash between the two repeats them under the same place.
        Raises `StopError` when too much of the recent input was unreadable through our own fault, and
        `NewerReleaseError`.
        """
        found = await patiently(partial(sort_records, batch, self._codec, self._channels))
        self._watch_for_our_faults(batch, found)
        if found.parked:
            await self._records.park(found.parked)
        last = batch[-1]
        place = context(last.topic, last.partition)
        try:
            await asyncio.to_thread(self._ledger.copy, place, last.offset + 1, found.effects, self._clock.now())
        except PositionRefusedError:
            return None
        self._count(last.partition, found)
        return found

    def _count(self, partition: int, found: Sorted) -> None:
        self._metrics.copied.inc(len(found.effects))
        for parked in found.parked:
            self._metrics.parked.labels(str(partition), parked.fault.reason).inc()

    def _watch_for_our_faults(self, batch: Sequence[Incoming], found: Sorted) -> None:
        ours = {parked.record.offset for parked in found.parked if parked.fault.ours}
        for record in batch:
            self._watch.saw(record.key, record.offset in ours)
        self._watch.check()


def context(topic: str, partition: int) -> str:
    """Return the name under which the position of a partition is kept."""
    return f"notifier:{topic}-{partition}"


def sort_records(batch: Sequence[Incoming], codec: Codec, channels: Collection[str]) -> Sorted:
    """Decode a batch: effects of our channels, records to park, and the number that others perform."""
    found = Sorted([], [], 0)
    elsewhere = 0
    for record in batch:
        try:
            recorded = _read(record, codec)
            channel = _channel(recorded, channels)
            effect = _effect(record, recorded, channel) if channel else None
        except UnreadableError as error:
            found.parked.append(Parked(record, _fault(record, error)))
            continue
        if effect:
            found.effects.append(effect)
        else:
            elsewhere += 1
    return found._replace(elsewhere=elsewhere)


def _fault(record: Incoming, error: UnreadableError) -> Fault:
    return Fault(error.reason, error.detail, error.ours, error.tenant or tenant_of(record.key))


def _read(record: Incoming, codec: Codec) -> Recorded:
    if record.value is None:
        raise UnreadableError("undecodable", "no value")
    recorded = codec.read_effect(record.value, record.headers)
    if record.key is None or record.key != recorded.envelope.key.text.encode():
        raise UnreadableError("key_mismatch", "key and envelope disagree", tenant=recorded.envelope.tenant)
    return recorded


def _channel(recorded: Recorded, channels: Collection[str]) -> str:
    """Return the channel of an effect, empty where another service performs it."""
    channel = getattr(recorded.event, "CHANNEL", None)
    if channel in channels:
        return str(channel)
    if channel in PERFORMED_ELSEWHERE:
        return ""
    name = type(recorded.event).__name__
    raise UnreadableError("no_channel", f"nothing performs {name}", ours=True, tenant=recorded.envelope.tenant)


def _trace(record: Incoming, envelope: Envelope) -> str:
    """Return the trace of the record where it is another one than that of its root."""
    trace = incoming(record.headers)
    own = trace is None or trace.startswith(trace_of(envelope.root_id or envelope.event_id))
    return "" if trace is None or own else trace.decode()


def _effect(record: Incoming, recorded: Recorded, channel: str) -> NewEffect:
    """Return the row; refuses names that a database could not store, which would stop the partition for ever."""
    envelope = recorded.envelope
    effect = NewEffect(
        tenant=envelope.tenant,
        effect_id=recorded.event.effect_id,
        channel=channel,
        item_key=envelope.key.text,
        run_id=recorded.event.run_id,
        payload=record.value or b"",
        cause_id=envelope.event_id,
        root_id=envelope.root_id,
        depth=envelope.depth,
        trace=_trace(record, envelope),
    )
    for name, text in effect._asdict().items():
        if isinstance(text, str) and ("\x00" in text or len(text) > LONGEST_NAME):
            raise UnreadableError("invalid", f"{name} is too long or holds a NUL", tenant=envelope.tenant)
    return effect
