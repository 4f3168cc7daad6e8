"""Everything delivered twice, and all of it again from the start, has no second effect on any channel (spec 6.1)."""

from __future__ import annotations

from collections import Counter

import pytest

from services.edge.sql import Database
from services.notifier.channel import Retry, Sent
from services.notifier.doubles import MemoryProvider
from tests.contract.test_deal_stream import History
from tests.notifier_world import World, notification

pytest_plugins = ["tests.postgres", "tests.databases"]

EFFECTS = [f"e{number}" for number in range(12)]


class Redelivered(History):
    """Delivers each change, answer and outcome a second time at once, and remembers all for a third."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.delivered: list[tuple[bytes, bytes]] = []

    def _take(self, key: bytes, value: bytes) -> None:
        super()._take(key, value)
        if key in self.states:  # an unknown item keeps nothing: a question about it is answered anew (design section 2)
            self.delivered.append((key, value))
        self.repeat(key, value)

    def repeat(self, key: bytes, value: bytes) -> None:
        """Deliver what was delivered before: at most a question about an unknown item is answered once more."""
        waiting = len(self._inbox)
        super()._take(key, value)
        while len(self._inbox) > waiting:
            self._inbox.pop()


@pytest.mark.parametrize("seed", range(6))
def test_a_log_of_everything_delivered_twice_is_that_of_everything_delivered_once(seed: int) -> None:
    """Payments, mails, notifications, requests between items, answers, timers: the same events, byte by byte."""
    once, twice = History(seed).play(150), Redelivered(seed).play(150)

    assert twice.log == once.log
    assert twice.states == once.states


@pytest.mark.parametrize("seed", range(6))
def test_all_of_it_again_from_the_start_adds_nothing(seed: int) -> None:
    """Hours later, when each item is long somewhere else."""
    story = Redelivered(seed).play(150)
    log, states = list(story.log), dict(story.states)
    story.now += 50 * 3_600_000

    for key, value in story.delivered:
        story.repeat(key, value)

    assert len(story.delivered) > 150
    assert story.log == log
    assert story.states == states


def _again_and_again(world: World) -> None:
    """Let the topic hold each effect twice in a row, and all of that a second time."""
    twice = [record for record in world.log for _ in range(2)]
    world.log = [record._replace(offset=offset) for offset, record in enumerate([*twice, *twice])]


def test_every_effect_is_performed_once_however_often_it_stands_in_the_topic(database: Database) -> None:
    """By a provider that would perform a repeat; its item learns of it by one outcome."""
    provider = MemoryProvider(recognises_key=False)
    world = World(database, [notification(one) for one in EFFECTS], provider)
    _again_and_again(world)

    world.settle_down()

    assert provider.calls == provider.effects == Counter(EFFECTS)
    assert {key: len(found) for key, found in world.outcomes().items()} == dict.fromkeys(EFFECTS, 1)


def test_a_repeat_while_an_effect_waits_for_its_next_try_is_no_second_one(database: Database) -> None:
    """Refused at first, then taken: two calls, one effect."""
    tries: Counter[str] = Counter()

    def answer(delivery: object) -> Sent | Retry:
        effect_id = str(getattr(delivery, "effect_id", ""))
        tries[effect_id] += 1
        return Sent("id") if tries[effect_id] > 1 else Retry("busy")

    provider = MemoryProvider(recognises_key=False, answers=answer)
    world = World(database, [notification(one) for one in EFFECTS], provider)
    _again_and_again(world)

    world.settle_down()

    assert provider.effects == Counter(EFFECTS)
    assert set(provider.calls.values()) == {2}
