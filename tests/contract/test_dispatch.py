"""Calls in flight: their number, their time, their defects, and an orderly end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.edge.clock import SetClock
from services.edge.sql import open_database
from services.notifier.channel import Delivery, Result, Retry, Sent
from services.notifier.dispatch import Dispatcher, Limits
from services.notifier.doubles import MemoryProvider, MemoryRecords
from services.notifier.intake import Intake
from services.notifier.ledger import Ledger
from services.notifier.means import Means
from services.notifier.metrics import NotifierMetrics
from services.notifier.policy import ATTEMPTS, LONGEST_DELAY
from services.notifier.tables import ALL
from tests.notifier_world import KEY, notification, records_of

LIMITS = Limits(concurrency=3, send_ms=40, lease_ms=5_000)
LONG = LIMITS._replace(send_ms=60_000, lease_ms=120_000)
"""For calls that are let through: `send_ms` is real time."""
COUNT = 7


class Gate:
    """A provider whose calls wait until they are let through."""

    recognises_key = False

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside = 0
        self.most = 0

    async def send(self, delivery: Delivery) -> Result:
        """Wait, and count who waits."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.open.wait()
        self.inside -= 1
        return Sent(delivery.effect_id)


@pytest.fixture
def means(tmp_path: Path) -> Iterator[Means]:
    """Yield means over an empty SQLite ledger."""
    database = open_database(f"sqlite:///{tmp_path}/d.db")
    database.create(ALL)
    _, codec = records_of([notification(f"e{n}") for n in range(COUNT)])
    clock = SetClock(1_700_000_000_000)
    yield Means(Ledger(database), codec, MemoryRecords(), clock, NotifierMetrics(CollectorRegistry()))
    database.close()


async def _filled(means: Means, channel: Any, limits: Limits = LIMITS) -> Dispatcher:
    records, _ = records_of([notification(f"e{n}") for n in range(COUNT)])
    await Intake(means, {"notification"}).take(records)
    return Dispatcher("notification", channel, means, "me", limits)


def _states(means: Means) -> list[tuple[str, str]]:
    return [(entry.state, entry.detail) for entry in means.ledger.entries(KEY.tenant, KEY.text)]


async def test_no_more_calls_are_in_flight_than_allowed(means: Means) -> None:
    """What is over the limit stays queued and is not claimed."""
    gate = Gate()
    dispatcher = await _filled(means, gate, LONG)
    assert await dispatcher.turn() == LIMITS.concurrency
    assert await dispatcher.turn() == 0
    assert [state for state, _ in _states(means)].count("queued") == COUNT - LIMITS.concurrency
    gate.open.set()
    await dispatcher.drain()
    assert gate.most == LIMITS.concurrency
    assert {state for state, _ in _states(means)} == {"sent"}


async def test_a_call_that_hangs_is_given_up_and_unknown(means: Means) -> None:
    """No call outlives its time; its item is told that nobody knows."""
    dispatcher = await _filled(means, Gate())
    await dispatcher.drain()
    assert set(_states(means)) == {("unknown", "no answer in time")}


async def test_a_defect_of_a_channel_stops_neither_the_service_nor_other_effects(means: Means) -> None:
    """An exception is an unknown fate, and leaves nothing of its text behind."""

    def answers(delivery: Delivery) -> Result:
        if delivery.effect_id == "e3":
            raise RuntimeError("client@example.org")
        return Sent(delivery.effect_id)

    dispatcher = await _filled(means, MemoryProvider(recognises_key=False, answers=answers))
    await dispatcher.drain()
    states = _states(means)
    assert states.count(("sent", "")) == COUNT - 1
    assert ("unknown", "defect RuntimeError") in states


async def test_a_busy_provider_is_asked_five_times_and_ever_less_often(means: Means) -> None:
    """No storm: between two calls with one key lies at least its delay."""
    asked: list[int] = []

    def answers(delivery: Delivery) -> Result:
        if delivery.effect_id == "e0":
            asked.append(means.clock.now())
        return Retry("http 503")

    dispatcher = await _filled(means, MemoryProvider(recognises_key=False, answers=answers))
    for _ in range(4 * ATTEMPTS):
        await dispatcher.drain()
        means.clock.move_to(means.clock.now() + LONGEST_DELAY // 4)  # type: ignore[attr-defined]
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert len(asked) == ATTEMPTS
    assert min(gaps) >= 5_000
    assert set(_states(means)) == {("dead", "http 503")}


async def test_an_orderly_end_writes_what_calls_led_to_and_starts_no_more(means: Means) -> None:
    """Calls in flight are waited for; the rest stays queued for the next process."""
    gate = Gate()
    dispatcher = await _filled(means, gate, LONG)
    await dispatcher.turn()
    ending = asyncio.create_task(dispatcher.finish(5))
    await asyncio.sleep(0)
    gate.open.set()
    await ending
    states = [state for state, _ in _states(means)]
    assert (states.count("sent"), states.count("queued")) == (LIMITS.concurrency, COUNT - LIMITS.concurrency)


async def test_a_call_that_outlasts_the_end_is_left_to_its_lease(means: Means) -> None:
    """The next process finds it in `sending` and decides what its fate is."""
    dispatcher = await _filled(means, Gate(), LONG)
    await dispatcher.turn()
    await dispatcher.finish(0.01)
    assert [state for state, _ in _states(means)].count("sending") == LIMITS.concurrency
    means.clock.move_to(means.clock.now() + LONG.lease_ms)  # type: ignore[attr-defined]
    heir = Dispatcher("notification", MemoryProvider(recognises_key=False), means, "heir", LIMITS)
    await heir.drain()
    assert _states(means).count(("unknown", "lease ran out")) == LIMITS.concurrency


async def test_a_claim_that_waited_too_long_is_not_called(means: Means) -> None:
    """A process that slept through its lease makes no call with it."""
    provider = MemoryProvider(recognises_key=False)
    dispatcher = await _filled(means, provider, LIMITS._replace(send_ms=6_000))
    await dispatcher.drain()
    assert not provider.calls
    assert set(_states(means)) == {("queued", "claimed too long ago")}
