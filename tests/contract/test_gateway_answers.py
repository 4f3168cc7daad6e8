"""Kept answers: SQLite and PostgreSQL hold the same contract."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from services.edge.clock import SetClock
from services.gateway.idempotency import KEPT_MS, LEASE_MS, Answers, Kept

pytest_plugins = ["tests.postgres", "tests.databases"]

DONE = Kept("d1", 202, b'{"a":"\x00"}', "application/json")


def test_a_kept_answer_comes_back_for_a_day(database):
    """First a claim, then in flight, then the answer, and after its day a claim again."""
    clock = SetClock(1_000)
    answers = Answers(database, clock)
    assert answers.claim("acme", "k", "d1") is None
    assert answers.claim("acme", "k", "d2") == Kept("d1", 0, b"", "")
    answers.keep("acme", "k", DONE)
    assert answers.claim("acme", "k", "d1") == DONE
    assert answers.claim("other", "k", "d1") is None
    clock.move_to(1_000 + KEPT_MS + 1)
    assert answers.claim("acme", "k", "d2") is None


def test_a_claim_ends_when_it_is_given_back_or_its_lease_is_over(database):
    """A killed gateway blocks a key for its lease; what was kept is never given back."""
    clock = SetClock(1_000)
    answers = Answers(database, clock)
    answers.claim("acme", "k", "d1")
    answers.free("acme", "k", "d1")
    assert answers.claim("acme", "k", "d2") is None
    clock.move_to(1_000 + LEASE_MS + 1)
    assert answers.claim("acme", "k", "d1") is None
    answers.keep("acme", "k", DONE)
    answers.free("acme", "k", "d1")
    assert answers.claim("acme", "k", "d1") == DONE


def test_of_many_claims_at_once_one_is_taken(database):
    """Two processes with one database cannot both run a request."""
    answers = Answers(database, SetClock(1_000))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: answers.claim("acme", "k", "d1"), range(16)))
    assert found.count(None) == 1
