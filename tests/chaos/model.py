"""What must have come out: the stream's pure functions on the same input, in offset order, timers in due order."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.edge.stream import Decision, Output, Stream, Timer
from services.edge.topics import partition_for

Sent = tuple[str, bytes, bytes | None]


@dataclass
class Expected:
    """The outcome of a run. What timers after `up_to` lead to may have happened, and need not."""

    log: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    surely: Counter[bytes] = field(default_factory=Counter)
    """How many of a key's events must be there."""
    outputs: Counter[Sent] = field(default_factory=Counter)
    perhaps: Counter[Sent] = field(default_factory=Counter)
    parked: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Partition and offset of what must be in the dead letters."""
    forwarded: int = 0
    fired: int = 0


class Model:
    """Folds one partition after another."""

    _PERHAPS_MS = 120_000

    def __init__(self, stream: Stream[Any, Any], partitions: int, up_to: int) -> None:
        self._stream = stream
        self._partitions = partitions
        self._up_to = up_to
        self.expected = Expected()

    def run(self, inbox: Mapping[int, Sequence[Any]]) -> Expected:
        """Process all records of the inbox; the definitions must be those that the workers had."""
        for partition in range(self._partitions):
            self._states: dict[bytes, Any] = {}
            self._heap: list[tuple[int, bytes, str]] = []
            self._sure = True
            for record in inbox.get(partition, ()):
                self._fire(record.timestamp)
                self._take(partition, record)
            self._fire(self._up_to)
            self._sure = False
            self._fire(self._up_to + self._PERHAPS_MS)
        return self.expected

    def _take(self, partition: int, record: Any) -> None:
        stream = self._stream
        try:
            change = stream.read_change(record.key, record.value, record.headers)
            key = stream.key_of(change)
            if partition_for(key, self._partitions) != partition:
                self.expected.forwarded += 1
                return
            decision = stream.decide(self._state(key), change, record.timestamp)
        except Exception:  # noqa: BLE001 - whatever the stream raises, the loop must park
            self.expected.parked[record.partition, record.offset] += 1
            return
        self._accept(key, decision)

    def _fire(self, up_to: int) -> None:
        while self._heap and self._heap[0][0] <= up_to:
            due, key, timer_id = heapq.heappop(self._heap)
            timer = Timer(due, timer_id)
            if timer in self._stream.timers(self._state(key)):
                self.expected.fired += 1
                self._accept(key, self._stream.fire(key, self._state(key), timer, due))

    def _accept(self, key: bytes, decision: Decision) -> None:
        before = set(self._stream.timers(self._state(key)))
        for recorded in decision.events:
            self.expected.log[key].append(self._stream.write_event(recorded).value or b"")
            self.expected.surely[key] += self._sure
            self._send(self._stream.outputs(recorded))
        self._send(decision.outputs)
        self._states[key] = decision.state
        for timer in set(self._stream.timers(decision.state)) - before:
            heapq.heappush(self._heap, (timer.due, key, timer.timer_id))

    def _send(self, outputs: Iterable[Output]) -> None:
        sent = self.expected.outputs if self._sure else self.expected.perhaps
        sent.update((output.topic, output.key, output.value) for output in outputs)

    def _state(self, key: bytes) -> Any:
        return self._states.get(key, self._stream.initial())
