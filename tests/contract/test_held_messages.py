"""Messages held by quiet hours, and what items are told of tests and receipts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from automation.definitions import models as m
from services.edge.clock import SetClock
from services.edge.definitions import FixedDefinitions
from services.edge.sql import open_database
from services.notifier.connections import Connections
from services.notifier.dispatch import Dispatcher, Limits
from services.notifier.doubles import MemoryProvider, MemoryRecords
from services.notifier.gate import Gate
from services.notifier.ledger import Ledger
from services.notifier.means import Means
from services.notifier.metrics import NotifierMetrics
from services.notifier.outcomes import Reporter
from services.notifier.rows import NewEffect
from services.notifier.sent import Query, SentMessages
from services.notifier.tables import ALL
from tests.core.spec import book_of
from tests.notifier_world import KEY, notification, records_of

NIGHT = 1_700_000_000_000
MORNING = 1_700_031_600_000
LIMITS = Limits(concurrency=3, send_ms=4_000, lease_ms=50_000)
QUIET = m.Settings(
    time_zone="Europe/Berlin", channels={"sms": m.ChannelLimits(quiet_from="22:00", quiet_until="08:00", daily_cap=1)}
)


class World:
    """A ledger with messages of a channel, a provider, and what items are told."""

    def __init__(self, path: Path) -> None:
        self.database = open_database(f"sqlite:///{path}/h.db")
        self.database.create(ALL)
        _, self.codec = records_of([notification(name) for name in "ab"])
        self.clock = SetClock(NIGHT)
        self.means = Means(
            Ledger(self.database), self.codec, MemoryRecords(), self.clock, NotifierMetrics(CollectorRegistry())
        )
        self.provider = MemoryProvider(recognises_key=False)
        connections = Connections(FixedDefinitions(book_of(QUIET)))
        gate = Gate(connections, self.means.ledger.quota, self.clock)
        self.dispatcher = Dispatcher("sms", self.provider, self.means, "me", LIMITS, gate)

    def queue(self, name: str, item: str = KEY.text) -> None:
        """Queue a message."""
        payload = f"value-{'ab'.index(name)}".encode()
        effect = NewEffect(KEY.tenant, name, "sms", item, "run", payload, "cause", "root", 0)
        SentMessages(self.database).enqueue(effect, self.clock.now())

    async def live(self) -> list[tuple[str, str, str]]:
        """Work until nothing is due, report, and return effect, status and reason of what items learnt since."""
        before = len(self.codec.written)
        await self.dispatcher.drain()
        while await Reporter(self.means).turn():
            pass
        return [(o.effect_id, o.status, o.reason or str(dict(o.results))) for _, o in self.codec.written[before:]]

    def shown(self) -> list[tuple[str, str, int]]:
        """Return state and attempts of every message, oldest first."""
        listed = SentMessages(self.database).list(KEY.tenant, Query())
        return [(one.effect_id, one.state, one.tries) for one in reversed(listed)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Yield a world at night."""
    made = World(tmp_path)
    yield made
    made.database.close()


async def test_a_message_waits_for_the_morning_and_then_goes_once(world: World) -> None:
    """However often it is looked at meanwhile, no attempt is used up and nobody is called."""
    world.queue("a")
    for hour in range(9):
        world.clock.move_to(NIGHT + hour * 3_000_000)
        assert await world.live() == []
    assert (world.shown(), dict(world.provider.calls)) == ([("a", "queued", 0)], {})
    world.clock.move_to(MORNING)
    assert await world.live() == [("a", "completed", "{}")]
    assert (world.shown(), dict(world.provider.calls)) == ([("a", "sent", 1)], {"a": 1})


async def test_over_the_daily_cap_a_message_fails_with_its_code(world: World) -> None:
    """The run of its rule ends with it."""
    world.clock.move_to(MORNING)
    world.queue("a")
    world.queue("b")
    assert sorted(await world.live()) == [("a", "completed", "{}"), ("b", "failed", "daily_cap_reached")]
    assert dict(world.provider.calls) == {"a": 1}


async def test_a_test_is_sent_at_night_and_no_item_is_told(world: World) -> None:
    """It is people's own: what becomes of it they see in the list."""
    world.queue("a", f"{KEY.tenant}/connection/sms")
    assert await world.live() == []
    assert world.shown() == [("a", "sent", 1)]


async def test_an_item_learns_of_a_receipt_once_and_behind_the_outcome(world: World) -> None:
    """A later outcome of the same effect, under a change id of its own."""
    world.clock.move_to(MORNING)
    world.queue("a")
    await world.live()
    for _ in range(2):
        world.means.ledger.receipts.put(KEY.tenant, "a", "delivered", "", MORNING)
    assert await world.live() == [("a", "completed", "{'delivery': 'delivered'}")]
    assert await world.live() == []
    assert len({frame.change_id for frame, _ in world.codec.written}) == 2


async def test_a_receipt_that_failed_is_a_failed_delivery(world: World) -> None:
    """The code of a delivery that did not come about."""
    world.clock.move_to(MORNING)
    world.queue("a")
    await world.live()
    world.means.ledger.receipts.put(KEY.tenant, "a", "failed", "twilio 30003", MORNING)
    assert await world.live() == [("a", "failed", "delivery")]
