"""The timer index on both stores: it says what a sorted list of all open timers would say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.edge.local_store import LocalStore, MemoryStore, RocksStore
from services.edge.processor.store import DueTimer, StoredItem, read_item, read_timer, timer_key, write_item
from services.edge.processor.timers import NEVER, TimerIndex
from services.edge.stream import Timer


@pytest.fixture(params=["rocks", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalStore]:
    """Each test runs on both."""
    made: LocalStore = RocksStore(tmp_path / "db") if request.param == "rocks" else MemoryStore()
    yield made
    made.close()


def test_timers_are_drawn_in_order_of_due_key_and_id(store: LocalStore) -> None:
    """Whatever the order in which they were set."""
    index = TimerIndex(store)
    index.change(b"b", (), (Timer(5, "y"), Timer(5, "x")))
    index.change(b"a", (), (Timer(5, "z"), Timer(9, "z")))
    assert _drain(index, 5) == [DueTimer(5, b"a", "z"), DueTimer(5, b"b", "x"), DueTimer(5, b"b", "y")]
    assert index.earliest == 9


def test_the_index_agrees_with_a_sorted_list_through_writes_and_restarts(store: LocalStore) -> None:
    """A small window makes it read from the store all the time."""
    rng, states = random.Random(5), dict[bytes, tuple[Timer, ...]]()
    index = TimerIndex(store, window=3)
    for step in range(600):
        key = f"t/deal/{rng.randrange(30)}".encode()
        old = states.get(key, ())
        new = tuple(Timer(rng.randrange(1_000), f"t{number}") for number in range(rng.randrange(3)))
        index.change(key, old, new)
        states[key] = new
        if rng.random() < 0.2:
            store.write(index.take_writes())
        if step % 50 == 49:
            store.write(index.take_writes())
            index = TimerIndex(store, window=3)
        wanted = sorted(DueTimer(timer.due, key, timer.timer_id) for key, timers in states.items() for timer in timers)
        assert index.earliest == (wanted[0].due if wanted else NEVER)
        assert index.next_due(NEVER) == (wanted[0] if wanted else None)


def test_a_timer_that_was_dropped_does_not_come_back(store: LocalStore) -> None:
    """Its state still has it, but it was fired."""
    index = TimerIndex(store)
    index.change(b"a", (), (Timer(5, "x"),))
    index.drop(DueTimer(5, b"a", "x"))
    store.write(index.take_writes())
    assert index.earliest == NEVER
    assert TimerIndex(store).earliest == NEVER


@pytest.mark.parametrize("key", [b"a", b"a\0b", b"\0", b"\0\1", "ключ/ü".encode()])
@pytest.mark.parametrize("due", [0, 1_795_000_000_000, -1])
def test_a_stored_timer_is_read_back(key: bytes, due: int) -> None:
    """Keys may hold any byte."""
    assert read_timer(timer_key(DueTimer(due, key, "id>x"))) == DueTimer(due, key, "id>x")


def test_a_stored_item_is_read_back() -> None:
    """Timers stand before the state's bytes."""
    item = StoredItem(7, (Timer(5, "ü"), Timer(6, "")), b"\0state", aside=True)
    assert read_item(write_item(item)) == item


def _drain(index: TimerIndex, up_to: int) -> list[DueTimer]:
    found = []
    while (due := index.next_due(up_to)) is not None:
        found.append(due)
        index.drop(due)
    return found
