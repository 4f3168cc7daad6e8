"""The ledger keeps its promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.edge.sql import Database, PositionRefusedError, open_database
from services.notifier.channel import Rejected, Retry, Sent, Unknown, Wait
from services.notifier.ledger import OUTCOME_LEASE, Ledger
from services.notifier.policy import ATTEMPTS, DELAYS, settle
from services.notifier.rows import Backlog, Claim, NewEffect
from services.notifier.sent import Query, SentMessages
from services.notifier.tables import ALL

pytest_plugins = ["tests.postgres", "tests.databases"]

PLACE = "notifier:crm.effects-0"
NOW = 1_700_000_000_000
ITEM = "acme/deal/42"


@pytest.fixture
def ledger(database: Database) -> Ledger:
    """Return an empty ledger."""
    database.create(ALL)
    database.create(ALL)
    return Ledger(database)


def _effect(effect_id: str, tenant: str = "acme", payload: bytes = b"\x00p") -> NewEffect:
    return NewEffect(tenant, effect_id, "notification", f"{tenant}/deal/42", "run-1", payload, "cause", "root", 3)


def _claim(ledger: Ledger, owner: str = "me", now: int = NOW, most: int = 10) -> list[Claim]:
    return ledger.claim("notification", owner, now, now + 1_000, most)


def _state(ledger: Ledger, tenant: str = "acme") -> list[tuple[str, str, str]]:
    return [(e.state, e.reason, e.outcome) for e in ledger.entries(tenant, f"{tenant}/deal/42")]


def _end(ledger: Ledger, claim: Claim, result: Sent | Retry | Rejected | Unknown, *, keys: bool = False) -> int:
    return ledger.settle([(claim, settle(result, tries=claim.tries, recognises_key=keys, now=NOW))], NOW)


def test_effects_and_position_are_stored_together(ledger: Ledger) -> None:
    """A copy leaves both; before the first one there is no position."""
    assert ledger.position(PLACE) is None
    ledger.copy(PLACE, 7, [_effect("a"), _effect("b")], NOW)
    assert ledger.position(PLACE) == 7
    assert _state(ledger) == [("queued", "", "none")] * 2


@pytest.mark.parametrize("position", [7, 6])
def test_a_zombie_that_stores_an_earlier_position_writes_nothing(ledger: Ledger, position: int) -> None:
    """The same or a lower position is refused with all its effects."""
    ledger.copy(PLACE, 7, [_effect("a")], NOW)
    with pytest.raises(PositionRefusedError):
        ledger.copy(PLACE, position, [_effect("late")], NOW)
    assert ledger.position(PLACE) == 7
    assert len(_state(ledger)) == 1


def test_an_effect_copied_again_keeps_its_row(ledger: Ledger) -> None:
    """A repeat neither fails nor queues the effect anew."""
    ledger.copy(PLACE, 1, [_effect("a")], NOW)
    _end(ledger, _claim(ledger)[0], Sent("p-1"))
    ledger.copy(PLACE, 2, [_effect("a", payload=b"other")], NOW)
    assert _state(ledger) == [("sent", "", "pending")]
    assert _claim(ledger) == []


def test_two_tenants_may_use_the_same_effect_id(ledger: Ledger) -> None:
    """The tenant is part of the key, and no tenant sees the other's row."""
    ledger.copy(PLACE, 1, [_effect("a"), _effect("a", tenant="globex")], NOW)
    assert len(_claim(ledger)) == 2
    assert [entry.tenant for entry in ledger.entries("globex", "globex/deal/42")] == ["globex"]
    assert ledger.entries("globex", ITEM) == []


def test_a_claim_is_committed_counted_and_not_given_twice(ledger: Ledger) -> None:
    """A claimed row is `sending`, with its attempt counted and its payload as it came."""
    ledger.copy(PLACE, 1, [_effect("a", payload=b"\x00\xff")], NOW)
    (claim,) = _claim(ledger)
    assert (claim.tries, claim.payload, claim.lease_until, claim.created_at) == (1, b"\x00\xff", NOW + 1_000, NOW)
    assert _state(ledger) == [("sending", "", "none")]
    assert _claim(ledger, "you") == []


def test_a_claim_takes_no_more_than_asked_and_the_oldest_first(ledger: Ledger) -> None:
    """The limit holds, and rows come in the order in which they fall due."""
    ledger.copy(PLACE, 1, [_effect("b")], NOW)
    ledger.copy(PLACE, 2, [_effect("a")], NOW + 1)
    ledger.copy(PLACE, 3, [_effect("later")], NOW + 10)
    assert [claim.effect_id for claim in _claim(ledger, now=NOW + 5, most=1)] == ["b"]
    assert [claim.effect_id for claim in _claim(ledger, now=NOW + 5)] == ["a"]


def test_senders_at_work_at_once_share_the_rows_without_overlap(database: Database, ledger: Ledger) -> None:
    """Four senders claim 200 rows: each row goes to one of them."""
    ledger.copy(PLACE, 1, [_effect(f"e{n}") for n in range(200)], NOW)

    def work(owner: str) -> list[str]:
        taken: list[str] = []
        while claims := _claim(Ledger(database), owner, most=7):
            taken.extend(claim.effect_id for claim in claims)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [one for found in pool.map(work, "abcd") for one in found]
    assert sorted(taken) == sorted(f"e{n}" for n in range(200))


def test_only_the_holder_of_the_lease_writes_how_a_call_ended(ledger: Ledger) -> None:
    """A late answer for an attempt that was given up changes nothing."""
    ledger.copy(PLACE, 1, [_effect("a")], NOW)
    (old,) = _claim(ledger)
    assert [claim.effect_id for claim in ledger.expired("notification", NOW + 1_000)] == ["a"]
    assert _end(ledger, old, Unknown("lease ran out"), keys=True) == 1
    (new,) = _claim(ledger, "you", NOW + DELAYS[0])
    assert new.tries == 2
    assert _end(ledger, old, Sent("late")) == 0
    assert _end(ledger, new, Sent("p-2")) == 1
    assert ledger.entries("acme", ITEM)[0].provider_id == "p-2"


def test_a_lease_that_runs_is_not_expired(ledger: Ledger) -> None:
    """Before its end a lease belongs to its sender."""
    ledger.copy(PLACE, 1, [_effect("a")], NOW)
    _claim(ledger)
    assert ledger.expired("notification", NOW + 999) == []


def test_a_retry_waits_longer_each_time_and_the_fifth_is_the_last(ledger: Ledger) -> None:
    """Delays grow; after five attempts the row is dead and its item is told."""
    ledger.copy(PLACE, 1, [_effect("a")], NOW)
    now = NOW
    for attempt in range(1, ATTEMPTS + 1):
        assert _claim(ledger, now=now - 1) == []
        (claim,) = _claim(ledger, now=now)
        mark = settle(Retry("busy"), tries=claim.tries, recognises_key=False, now=now)
        ledger.settle([(claim, mark)], now)
        now += DELAYS[attempt - 1] if attempt < ATTEMPTS else 0
    assert list(DELAYS) == sorted(DELAYS)
    assert _state(ledger) == [("dead", "delivery", "pending")]
    (outcome,) = ledger.outcomes(now)
    assert (outcome.status, outcome.reason, outcome.tries) == ("failed", "delivery", ATTEMPTS)


def test_an_outcome_comes_again_until_it_is_reported(ledger: Ledger) -> None:
    """One process at a time reports an outcome; if it does not say so, another one does it later."""
    ledger.copy(PLACE, 1, [_effect("a")], NOW)
    _end(ledger, _claim(ledger)[0], Sent("p-1", {"message_id": "<m>"}))
    (outcome,) = ledger.outcomes(NOW)
    assert (outcome.item_key, outcome.run_id, outcome.status, outcome.depth) == (ITEM, "run-1", "completed", 3)
    assert outcome.results == {"message_id": "<m>"}
    assert ledger.outcomes(NOW + OUTCOME_LEASE - 1) == []
    assert ledger.outcomes(NOW + OUTCOME_LEASE) == [outcome]
    ledger.reported([outcome])
    assert ledger.outcomes(NOW + 10 * OUTCOME_LEASE) == []
    assert _state(ledger) == [("sent", "", "sent")]


def test_a_dead_effect_is_queued_again_by_hand_and_one_of_unknown_fate_is_not(ledger: Ledger) -> None:
    """A redrive keeps the key; what may have happened is never sent again."""
    ledger.copy(PLACE, 1, [_effect("refused"), _effect("unknown")], NOW)
    results = {"refused": Rejected("delivery", "smtp 550"), "unknown": Unknown("no answer")}
    for claim in _claim(ledger):
        _end(ledger, claim, results[claim.effect_id])
    ledger.reported(ledger.outcomes(NOW))
    assert not ledger.redrive("acme", "unknown", NOW)
    assert not ledger.redrive("globex", "refused", NOW)
    assert ledger.redrive("acme", "refused", NOW)
    (claim,) = _claim(ledger)
    assert (claim.effect_id, claim.tries) == ("refused", 1)


def test_a_wait_is_no_attempt(ledger: Ledger) -> None:
    """Quiet hours take none of the five attempts, however long they last."""
    ledger.copy(PLACE, 1, [_effect("a")], NOW)
    for hour in range(8):
        (claim,) = _claim(ledger, owner=f"me.{hour}", now=NOW + hour)
        assert claim.tries == 1
        mark = settle(Wait(NOW + hour + 1, "quiet hours"), tries=claim.tries, recognises_key=False, now=NOW + hour)
        assert ledger.settle([(claim, mark)], NOW + hour) == 1
    assert _state(ledger) == [("queued", "", "none")]


def test_a_receipt_is_taken_once_and_reported_behind_the_outcome(ledger: Ledger) -> None:
    """It is the tenant's own, of a message that was handed over; the first final report counts."""
    receipts = ledger.receipts
    ledger.copy(PLACE, 1, [_effect("a")], NOW)
    assert not receipts.put("acme", "a", "delivered", "", NOW)
    (claim,) = _claim(ledger)
    assert receipts.put("acme", "a", "delivered", "", NOW)
    assert not receipts.put("globex", "a", "delivered", "", NOW)
    assert receipts.put("acme", "a", "failed", "late", NOW)
    assert receipts.pending() == []
    _end(ledger, claim, Sent("p-1"))
    ledger.reported(ledger.outcomes(NOW))
    (pending,) = receipts.pending()
    assert (pending.effect_id, pending.fate, pending.run_id) == ("a", "delivered", "run-1")
    receipts.reported([pending])
    assert receipts.pending() == []


def test_people_see_messages_with_their_last_state(database: Database, ledger: Ledger) -> None:
    """Newest first, by item, channel and state, in pages; a receipt is the last word."""
    for number, name in enumerate("abc"):
        ledger.copy(PLACE, number + 1, [_effect(name)], NOW + number)
    for claim in _claim(ledger, now=NOW + 9, most=2):
        _end(ledger, claim, Sent(f"p-{claim.effect_id}"))
    ledger.receipts.put("acme", "a", "failed", "twilio 30003", NOW)
    sent = SentMessages(database)
    assert [(m.effect_id, m.state, m.provider_id) for m in sent.list("acme", Query())] == [
        ("c", "queued", ""), ("b", "sent", "p-b"), ("a", "failed", "p-a"),
    ]  # fmt: skip
    assert [m.effect_id for m in sent.list("acme", Query(state="failed"))] == ["a"]
    assert [m.effect_id for m in sent.list("acme", Query(channel="sms"))] == []
    first = sent.list("acme", Query(most=2))[-1]
    assert [m.effect_id for m in sent.list("acme", Query(before=(first.created_at, first.effect_id)))] == ["a"]
    assert sent.list("globex", Query()) == []


def test_a_daily_cap_counts_messages_not_attempts(ledger: Ledger) -> None:
    """Over the cap none is let through; one that was counted is; each tenant, channel and day has its own."""
    admit = ledger.quota.admit
    assert [admit("acme", "sms", name, "2026-01-01", 2) for name in ("a", "b", "a", "c", "b", "c")] == [
        True, True, True, False, True, False,
    ]  # fmt: skip
    assert admit("acme", "sms", "c", "2026-01-02", 2)
    assert admit("globex", "sms", "c", "2026-01-01", 2)
    assert admit("acme", "client_email", "d", "2026-01-01", 2)
    ledger.quota.forget("2026-01-02")
    assert admit("acme", "sms", "e", "2026-01-01", 1)


def test_what_waits_is_counted_per_channel(ledger: Ledger) -> None:
    """Claimed rows do not wait; a channel without waiting rows is absent."""
    ledger.copy(PLACE, 1, [_effect("a"), _effect("b"), _effect("c")], NOW)
    _claim(ledger, most=1)
    assert ledger.backlogs() == [Backlog("notification", 2, NOW)]


def test_old_rows_go_once_they_are_reported(ledger: Ledger) -> None:
    """What waits, and what no item has learnt yet, stays however old it is."""
    ledger.copy(PLACE, 1, [_effect("reported")], NOW)
    _end(ledger, _claim(ledger)[0], Sent())
    ledger.reported(ledger.outcomes(NOW))
    ledger.copy(PLACE, 2, [_effect("pending")], NOW)
    _end(ledger, _claim(ledger)[0], Sent())
    ledger.copy(PLACE, 3, [_effect("waiting")], NOW)
    assert ledger.purge(NOW) == 0
    assert ledger.purge(NOW + 1) == 1
    assert [entry.effect_id for entry in ledger.entries("acme", ITEM)] == ["pending", "waiting"]


def test_rows_survive_a_restart(tmp_path: object) -> None:
    """What was committed is there for the next process."""
    url = f"sqlite:///{tmp_path}/again.db"
    first = open_database(url)
    first.create(ALL)
    Ledger(first).copy(PLACE, 3, [_effect("a")], NOW)
    first.close()
    second = open_database(url)
    assert Ledger(second).position(PLACE) == 3
    assert _state(Ledger(second)) == [("queued", "", "none")]
    second.close()


def test_a_database_of_another_kind_is_refused_without_showing_its_url() -> None:
    """The message of the error holds no password."""
    with pytest.raises(ValueError, match="sqlite:/// or postgresql://") as caught:
        open_database("mysql://user:s3cret@host/db")
    assert "s3cret" not in str(caught.value)


def test_a_trace_that_came_in_is_kept_for_the_outcome_and_goes_with_its_row(ledger: Ledger, database: Database) -> None:
    """Effects without one leave no row for it."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    ledger.copy(PLACE, 1, [_effect("a")._replace(trace=trace), _effect("b")], NOW)
    assert len(database.read("SELECT * FROM traces")) == 1
    for claim in _claim(ledger):
        _end(ledger, claim, Sent("p-1"))

    outcomes = ledger.outcomes(NOW)
    assert {one.effect_id: one.trace for one in outcomes} == {"a": trace, "b": ""}

    ledger.reported(outcomes)
    assert ledger.purge(NOW + 1) == 2
    assert database.read("SELECT * FROM traces") == []
