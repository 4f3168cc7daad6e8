"""Decides a batch: timers and changes in order, through the stream's pure functions. No I/O happens in here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from automation.values import Moment
from services.edge import names
from services.edge.codec.errors import RegistryUnavailableError
from services.edge.log import logger
from services.edge.processor.batch import Batch
from services.edge.processor.dead_letters import CeilingWatch, Fault, Origin, parked, tenant_of, without_bytes
from services.edge.processor.items import Item, Items
from services.edge.processor.outputs import NEXT_OFFSET, Placed, Places, TooLargeError, UnknownTopicError
from services.edge.processor.settings import ProcessorSettings
from services.edge.processor.store import DueTimer
from services.edge.processor.timers import TimerIndex
from services.edge.stream import Decision, Headers, Stream, Timer, UnreadableError
from services.edge.tracing import incoming, joined

_CHECK_TIME_EVERY = 16


class DefinitionsBehindError(Exception):
    """A change needs a later version of the definitions: catch up and decide again."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class Accepted(NamedTuple):
    """A decision made ready: its records, and the item after it."""

    records: Sequence[Placed]
    item: Item
    events: int


class Decider:
    """Works on one partition.

    `fill` may raise DefinitionsBehindError, UnknownTopicError or SchemaAwaitedError, and is then called again.
    """

    def __init__(
        self, stream: Stream[Any, Any], partition: int, settings: ProcessorSettings, places: Places,
        items: Items, timers: TimerIndex,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._partition = partition
        self._settings = settings
        self._places = places
        self._items = items
        self._timers = timers
        self._ceiling = CeilingWatch(settings.ceiling)
        self._excused = 0
        self._log = logger(partition=partition)

    def fill(self, batch: Batch, queue: deque[Any]) -> None:
        """Decide queued changes until the batch is full, each after the timers due up to its append time."""
        timers = self._timers
        while queue and not self.full(batch):
            record = queue[0]
            if timers.earliest <= record.timestamp:
                self._fire(batch, timers.next_due(record.timestamp))
                continue
            self._take(batch, record)
            queue.popleft()
            batch.next = record.offset + 1
            batch.handled += 1

    def fire_due(self, batch: Batch, up_to: Moment) -> None:
        """Fire the timers due up to a moment until the batch is full; the partition is read to its end."""
        while self._timers.earliest <= up_to and not self.full(batch):
            self._fire(batch, self._timers.next_due(up_to))

    def full(self, batch: Batch) -> bool:
        """Say whether the batch has reached one of its limits; outputs count, as one change may cascade."""
        limits, outputs = self._settings, batch.outputs
        if (
            batch.handled >= limits.batch_records
            or outputs.count >= limits.batch_outputs
            or outputs.size >= limits.batch_bytes
        ):
            return True
        return batch.handled % _CHECK_TIME_EVERY == 1 and time.monotonic() >= batch.deadline

    def check(self) -> None:
        """Raise StopError if too much fails through our own fault; called before the batch is committed."""
        self._ceiling.check()

    def caught_up(self, version: int) -> None:
        """Excuse the change that asked from waiting again: the version was read, or it does not exist.

        Only this one: the version may come to exist, and a made-up one must not excuse all that come after.
        """
        self._excused = version

    def _take(self, batch: Batch, record: Any) -> None:
        """Handle one record of the inbox: decide it, forward it, or park it."""
        fault: Fault | None = None
        try:
            change = self._stream.read_change(record.key, record.value, record.headers)
            key = self._stream.key_of(change)
            if not self._belongs(batch, key):
                self._forward(batch, key, record)
            else:
                self._decide(batch, key, change, record)
        except (UnknownTopicError, DefinitionsBehindError, RegistryUnavailableError):
            raise
        except UnreadableError as error:
            fault = Fault(error.reason, error.detail, error.ours, error.tenant or tenant_of(record.key))
        except TooLargeError as error:
            fault = Fault("too_large", str(error), False, tenant_of(record.key))
        except Exception as error:  # noqa: BLE001 - a bug in one change's decision must not stop the partition
            fault = Fault("internal_error", f"{type(error).__name__}: {error}", True, tenant_of(record.key))
        self._ceiling.saw(record.key, fault is not None and fault.ours)
        if fault is not None:
            origin = Origin(record.topic, record.partition, record.offset, record.timestamp)
            self._park(batch, (record.key, record.value, record.headers), origin, fault)

    def _belongs(self, batch: Batch, key: bytes) -> bool:
        """Check that murmur2 puts the key on this partition; other clients use other partitioners."""
        if key in batch.touched or self._items.known(key):
            return True
        return self._places.of(self._stream.inbox, key) == self._partition

    def _forward(self, batch: Batch, key: bytes, record: Any) -> None:
        """Pass a change on to the partition that owns its item, in this transaction: an item has one owner."""
        target = self._places.of(self._stream.inbox, key)
        moved = Placed(record.topic, target, key, record.value, record.headers)
        self._places.check(moved)
        batch.outputs.add([moved])
        batch.counted[names.FORWARDED] += 1

    def _decide(self, batch: Batch, key: bytes, change: Any, record: Any) -> None:
        needed = self._stream.definitions_needed(change)
        if needed > self._stream.definitions_version() and needed != self._excused:
            raise DefinitionsBehindError(needed)
        self._excused = 0
        item = self._item(batch, key)
        if item.aside:
            raise UnreadableError("set_aside", "the item's events cannot be folded", ours=True)
        decision = self._stream.decide(item.state, change, record.timestamp)
        batch.counted[names.CHANGES] += 1
        if not decision.events:
            batch.counted[names.REPEATS] += not decision.outputs
            batch.outputs.add([self._places.place(output) for output in decision.outputs])
            return
        trace = incoming(record.headers) if record.headers else None
        self._accept(batch, key, item, self._ready(key, item, decision, record.offset + 1, trace))
        batch.marked = record.offset + 1

    def _item(self, batch: Batch, key: bytes) -> Item:
        found = batch.touched.get(key)
        return self._items.get(key) if found is None else found

    def _ready(
        self, key: bytes, item: Item, decision: Decision, following: int, trace: bytes | None = None
    ) -> Accepted:
        """Encode a decision without any effect yet: it may still turn out to be too large."""
        stream, places = self._stream, self._places
        mark = (NEXT_OFFSET, b"%d" % following)
        records: list[Placed] = []
        for recorded in decision.events:
            event, outputs = stream.write_event(recorded), stream.outputs(recorded)
            if trace is not None:
                event, outputs = joined(event, trace), [joined(output, trace) for output in outputs]
            if event.key != key or event.topic != stream.log:
                raise ValueError(f"an event of {key!r} was written for {event.topic} and {event.key!r}")
            records.append(Placed(event.topic, self._partition, key, event.value, [*event.headers, mark]))
            if len(event.value or b"") > places.doubtful:
                places.check(records[-1])
            if outputs:
                records.extend(map(places.place, outputs))
        if decision.outputs:
            records.extend(places.place(joined(output, trace) if trace else output) for output in decision.outputs)
        after = Item(decision.state, stream.version_of(decision.state), tuple(stream.timers(decision.state)))
        if after.version != item.version + len(decision.events):
            raise ValueError(f"{len(decision.events)} events took version {item.version} to {after.version}")
        return Accepted(records, after, len(decision.events))

    def _accept(self, batch: Batch, key: bytes, before: Item, accepted: Accepted) -> None:
        batch.outputs.add(accepted.records)
        self._timers.change(key, before.timers, accepted.item.timers)
        batch.touched[key] = accepted.item
        batch.counted[names.EVENTS] += accepted.events

    def _fire(self, batch: Batch, due: DueTimer | None) -> None:
        """Fire one timer; one that fails, or stays open, is dropped so that it cannot hold up the others."""
        if due is None:
            return
        item = self._item(batch, due.key)
        timer = Timer(due.due, due.timer_id)
        batch.handled += 1
        try:
            decision = self._stream.fire(due.key, item.state, timer, due.due)
            accepted = self._ready(due.key, item, decision, batch.next) if decision.events else None
        except UnknownTopicError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug in one timer must not stop the partition
            self._stuck(batch, due, f"{type(error).__name__}: {error}")
            return
        batch.counted[names.TIMERS_FIRED] += 1
        if accepted is None:
            self._timers.drop(due)
            return
        self._accept(batch, due.key, item, accepted)
        batch.marked = max(batch.marked, batch.next)
        if timer in accepted.item.timers:
            self._log.error(names.LOG_TIMER_STUCK, key=due.key, timer=due.timer_id)
            self._timers.drop(due)

    def _stuck(self, batch: Batch, due: DueTimer, detail: str) -> None:
        self._log.error(names.LOG_TIMER_STUCK, key=due.key, timer=due.timer_id, detail=detail)
        self._timers.drop(due)
        origin = Origin(self._stream.inbox, self._partition, batch.next, due.due)
        headers = [("timer", due.timer_id.encode())]
        self._park(batch, (due.key, None, headers), origin, Fault("timer_failed", detail, True, tenant_of(due.key)))

    def _park(
        self, batch: Batch, record: tuple[bytes | None, bytes | None, Headers], origin: Origin, fault: Fault
    ) -> None:
        """Put a record into the dead letters, in the same transaction that moves past it."""
        topic, key = self._stream.dead_letters, record[0]
        target = self._places.of(topic, key if key is not None else b"%d" % origin.partition)
        letter = parked(topic, target, record, origin, fault)
        try:
            self._places.check(letter)
        except TooLargeError:  # brokers count compressed bytes, so more may have come in than can go out
            letter = without_bytes(topic, target, key, origin, fault)
        batch.outputs.add([letter])
        batch.parked[fault.reason] += 1
        self._log.warning(
            names.LOG_PARKED, offset=origin.offset, reason=fault.reason, detail=fault.detail, ours=fault.ours
        )
