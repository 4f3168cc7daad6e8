"""The table of enrolments: one contract for SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from services.edge.clock import SetClock
from services.edge.sql import Database
from services.gateway.enrolments import SLICE_MS, Enrolment, Enrolments, RunningError

pytest_plugins = ["tests.postgres", "tests.databases"]


def made(name: str, tenant: str = "acme") -> Enrolment:
    """Return an enrolment of two items a second."""
    return Enrolment(name, tenant, "note", 1, "deal", "ann", 2, 0, 0, "running", 0, 0)


def test_slices_are_claimed_in_order_by_one_at_a_time(database: Database) -> None:
    """A slice a second; one that was not confirmed comes again; the last one ends it."""
    clock = SetClock(1_000)
    table, other = Enrolments(database, clock), Enrolments(database, clock)
    table.add(made("e1"), ["a", "b", "c"])
    claimed = table.claim()
    assert claimed is not None
    assert (claimed[1], other.claim()) == (["a", "b"], None)

    clock.move_to(1_000 + SLICE_MS)
    again = other.claim()
    assert again is not None
    assert again[1] == ["a", "b"]
    other.sent(again[0], 2)
    table.sent(claimed[0], 2)  # too late: it counts once

    clock.move_to(1_000 + 2 * SLICE_MS)
    last = table.claim()
    assert last is not None
    assert last[1] == ["c"]
    table.sent(last[0], 1)
    found = table.find("acme", "e1")
    assert found is not None
    assert (found.status, found.sent, found.total) == ("done", 3, 3)


def test_a_tenant_has_one_running_enrolment(database: Database) -> None:
    """Others are in nobody's way, and a cancelled one makes room."""
    table = Enrolments(database, SetClock(1_000))
    table.add(made("e1"), ["a"])
    table.add(made("e2", "other"), ["a"])
    with pytest.raises(RunningError):
        table.add(made("e3"), ["a"])
    assert table.cancel("other", "e1") is False
    assert table.cancel("acme", "e1") is True
    table.add(made("e3"), ["a"])
    assert [one.id for one in table.listed("acme")] == ["e1", "e3"]
