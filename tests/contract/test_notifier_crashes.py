"""A crash at every boundary of `notifier` leaves one effect per key, or an outcome that says it is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from services.edge.sql import Database, open_database
from services.notifier.doubles import MemoryProvider
from tests.notifier_world import Boundaries, SimulatedCrash, World, notification

pytest_plugins = ["tests.postgres", "tests.databases"]

EFFECTS = ("a", "b", "c")


def _world(database: Database, provider: MemoryProvider) -> World:
    with database.transaction() as transaction:
        transaction.run("DROP TABLE IF EXISTS ledger")
        name = "tracking" if database.dialect == "sqlite" else "stagewire_tracking"
        transaction.run(f"DELETE FROM {name} WHERE application_name LIKE 'notifier%'")
    return World(database, [notification(one) for one in EFFECTS] + [None], provider)


def _crashes(database: Database, **provider: bool) -> Iterator[tuple[World, str]]:
    """Yield a world for each boundary, after a crash there and a recovery."""
    at = 0
    while True:
        at += 1
        world, boundaries = _world(database, MemoryProvider(**provider)), Boundaries(at)
        try:
            world.live(boundaries)
        except SimulatedCrash as crash:
            world.settle_down()
            yield world, f"{at}: {crash}"
        else:
            return


def test_a_provider_that_recognises_keys_shows_one_effect_per_key_wherever_the_process_ends(database: Database) -> None:
    """Every effect happens exactly once and every item learns so once."""
    points = 0
    for world, point in _crashes(database, recognises_key=True):
        points += 1
        assert dict(world.provider.effects) == dict.fromkeys(EFFECTS, 1), point
        outcomes = world.outcomes()
        assert {key: {(s, r) for _, s, r in found} for key, found in outcomes.items()} == {
            key: {("completed", "")} for key in EFFECTS
        }, point
        assert all(len(found) == 1 for found in outcomes.values()), point
    assert points > 20


def test_a_provider_without_keys_is_never_called_twice_and_its_item_learns_that_the_fate_is_unknown(
    database: Database,
) -> None:
    """An effect happens at most once; where its fate is open, the one outcome says so."""
    seen = set()
    for world, point in _crashes(database, recognises_key=False):
        assert max(world.provider.calls.values(), default=0) <= 1, point
        outcomes = world.outcomes()
        assert set(outcomes) == set(EFFECTS), point
        for key, found in outcomes.items():
            assert len(found) == 1, (point, found)
            ((_, status, reason),) = found
            assert (status, reason) in {("completed", ""), ("failed", "delivery_unknown")}, point
            assert status == "failed" or world.provider.effects[key] == 1, point
            seen.add((status, world.provider.effects[key]))
    assert seen == {("completed", 1), ("failed", 1), ("failed", 0)}


def test_the_unreadable_record_is_parked_wherever_the_process_ends(database: Database) -> None:
    """A record that cannot be read reaches the dead letters, under one place."""
    for world, point in _crashes(database, recognises_key=True):
        assert {parked.record.offset for parked in world.records.parked} == {len(EFFECTS)}, point


def test_this_enumeration_sees_a_second_effect(tmp_path: Path) -> None:
    """A provider that claims to recognise keys and does not is caught: the tests above are not blind."""
    database = open_database(f"sqlite:///{tmp_path}/n.db")
    worst = [
        max(world.provider.effects.values())
        for world, _ in _crashes(database, recognises_key=True, drops_repeats=False)
    ]
    database.close()
    assert max(worst) == 2
