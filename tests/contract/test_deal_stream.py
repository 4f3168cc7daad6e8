"""Properties of the deal stream over random histories: what is decided, folded, written and read agrees (section 2)."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.envelope import Key, stable_id
from automation.items import changes as c
from automation.items import effects
from automation.items.evolve import initial
from automation.items.process_changes import ControlProcess, StartProcess
from automation.values import Money
from services.deal_stream.stream import DealStream
from services.edge.codec import item_changes
from services.edge.stream import Decision, Output, UnreadableError
from tests.chaos import deal

_CALM = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_SIGNED = item_changes(deal.SIGNER)
_MINUTE = 60_000
_STREAMS = deal.stream("p."), deal.stream("p.")
"""Two that share nothing: what one decides must not depend on what it decided before."""


class History:
    """Plays random changes, the answers to what they ask for, and the timers that fall due; keeps the log as bytes."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.stream, self.twin = _STREAMS
        self.states: dict[bytes, Any] = {}
        self.log: list[Output] = []
        self.now = 1_000
        self._inbox: deque[tuple[bytes, bytes]] = deque()

    def play(self, count: int) -> History:
        """Work off so many outside changes, and all that follows from each."""
        for key, value, _ in islice(deal.changes(self.rng, items=3), count):
            self._inbox.append((key, value))
            while self._inbox:
                self.now += self.rng.randrange(_MINUTE)
                self._fire_due()
                self._take(*self._inbox.popleft())
        return self

    def _take(self, key: bytes, value: bytes) -> None:
        try:
            change = self.stream.read_change(key, value, ())
            state = self.states.get(key, initial())
            self._keep(key, self.stream.decide(state, change, self.now), self.twin.decide(state, change, self.now))
        except UnreadableError:
            return

    def _fire_due(self) -> None:
        due = [(timer.due, key, timer) for key, state in self.states.items() for timer in self.stream.timers(state)]
        for _, key, timer in sorted(entry for entry in due if entry[0] <= self.now):
            state = self.states[key]
            fired = [each.fire(key, state, timer, timer.due) for each in (self.stream, self.twin)]
            self._keep(key, *fired)

    def _keep(self, key: bytes, decision: Decision, again: Decision) -> None:
        """Write a decision down; the same inputs lead to the same bytes."""
        assert self._written(self.stream, decision) == self._written(self.twin, again)
        if decision.events:
            self.states[key] = decision.state
        self.log += map(self.stream.write_event, decision.events)
        self._inbox += (each[1:3] for each in self._outputs(decision) if each.topic == self.stream.inbox)
        self._inbox += self._answers(decision)

    def _outputs(self, decision: Decision) -> list[Output]:
        copies = [output for event in decision.events for output in self.stream.outputs(event)]
        return [*copies, *decision.outputs]

    def _written(self, stream: DealStream, decision: Decision) -> tuple[Any, ...]:
        events = [stream.write_event(event) for event in decision.events]
        return events, self._outputs(decision), stream.write_state(decision.state)

    def _answers(self, decision: Decision) -> Iterator[tuple[bytes, bytes]]:
        """Answer what notifier and payment tracker would, most of the time."""
        for envelope, event in decision.events:
            asked = isinstance(
                event, effects.NotificationRequested | effects.ClientEmailRequested | effects.PaymentRequested
            )
            if not asked or not event.run_id or self.rng.random() < 0.2:
                continue
            status = self.rng.choice(["completed", "completed", "failed"])
            results = {"payment_link": "https://pay.test/1", "payment_amount": Money(5, "EUR")}
            outcome = c.ReportOutcome(event.effect_id, event.run_id, status, "", results)
            yield self._to(envelope.key, stable_id("outcome", event.effect_id), outcome)

    def _to(self, key: Key, change_id: str, change: Any) -> tuple[bytes, bytes]:
        frame = c.ChangeFrame(change_id, *key, self.now, "system", "system", 0, "", "", 0, 0, b"")
        return key.text.encode(), _SIGNED.encode(frame, change)


@_CALM
@given(st.integers(0, 2**32))
def test_the_fold_of_the_log_is_the_state_that_was_decided(seed: int) -> None:
    """Whoever reads the log back has the same items, version by version, without gaps."""
    history = History(seed).play(60)
    folded: dict[bytes, Any] = {}
    for record in history.log:
        recorded = history.stream.read_event(record.value or b"", record.headers)
        before = folded.get(record.key, initial())
        assert recorded.envelope.version == before.version + 1
        assert recorded.envelope.recorded_at >= before.recorded_at
        folded[record.key] = history.stream.evolve(before, recorded)
    assert folded == history.states
    assert folded


@_CALM
@given(st.integers(0, 2**32))
def test_a_state_and_its_timers_survive_being_written_and_read(seed: int) -> None:
    """A snapshot decides like the state that it was taken of, to the byte."""
    history = History(seed).play(60)
    stream = history.stream
    for key, state in history.states.items():
        read = stream.read_state(stream.write_state(state))
        assert read == state
        assert stream.write_state(read) == stream.write_state(state)
        assert list(stream.timers(read)) == list(stream.timers(state))
        for timer in stream.timers(state):
            fired = [stream.fire(key, each, timer, timer.due) for each in (state, read)]
            assert history._written(stream, fired[0]) == history._written(stream, fired[1])


@_CALM
@given(st.integers(0, 2**32))
def test_a_handled_change_is_a_repeat_even_for_a_restored_state(seed: int) -> None:
    """No change of the log has a second effect, whatever came after it."""
    history = History(seed).play(30)
    stream = history.stream
    for record in history.log:
        envelope = stream.read_event(record.value or b"", record.headers).envelope
        if envelope.change_id:
            state = stream.read_state(stream.write_state(history.states[record.key]))
            frame = c.ChangeFrame(envelope.change_id, *envelope.key, 1, "app", "", 0, "", "", 0, 0, b"")
            assert stream.decide(state, (frame, c.SaveItem({"title": "again"})), history.now).events == []


def test_the_loop_gets_the_timers_of_processes() -> None:
    """A step that waits, on an item without rules in progress: else it would never be woken."""
    by, key = _STREAMS[0], Key("acme", "deal", "1")
    state: Any = initial()
    for number, change in enumerate((c.CreateItem({"title": "Desk"}, stage="new"), StartProcess("byhand", {}))):
        frame = c.ChangeFrame(f"c{number}", *key, 0, "system", "", 0, "", "", 0, 0, b"")
        state = by.decide(state, by.read_change(key.text.encode(), _SIGNED.encode(frame, change), ()), 1_000).state
    assert not state.runs
    skip = ControlProcess(next(iter(state.processes)), "skip", "stuck")
    frame = c.ChangeFrame("c9", *key, 0, "system", "", 0, "", "", 0, 0, b"")
    state = by.decide(state, by.read_change(key.text.encode(), _SIGNED.encode(frame, skip), ()), 1_000).state
    assert [timer.due for timer in by.timers(state)] == [2_000]
