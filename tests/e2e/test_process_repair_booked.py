"""Products of a deal, and a repair in a smart process with bookings: a real Kafka, all from outside.

What each action decides is told in tests/core/catalogue; here the requests between items and calendars are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from automation.values import Money
from services.edge.kafka import KafkaSettings
from tests.e2e.company import Company, Item, amount_body, eventually
from tests.e2e.instances import Instance, applied, changed_by_redelivery, comments, item_of, journal, now_ms, start

pytestmark = pytest.mark.kafka

MENDING = "spa_item.mending"
NOTHING = Money(0, "EUR")
NINE = 1_812_000_000_000
"""A moment of 2027; the calendar is looked at from an hour before."""
DAY = f"since={NINE - 3_600_000}&until={NINE + 82_800_000}"


class Booked(NamedTuple):
    """A deal with two products, its repair, for which two employees are booked, and the process that waits there."""

    deal: Item
    fit: Instance
    repair: Item
    visit: Instance
    since: int


@pytest.fixture(scope="module")
def mending(company: Company) -> Iterator[Company]:
    """The example company, which mends furniture."""
    with applied(company, "repair_booked.yaml") as found:
        yield found


@pytest.fixture(scope="module")
def booked(mending: Company) -> Booked:
    """From the deal, whose amount is that of its rows, to the visit."""
    since, deal = now_ms(), Item(mending, "deal", NOTHING)
    del deal.fields["amount"]
    fit = start(deal.create(), "e2e-fit", device="Chair").ended()
    repair = item_of(mending, f"{MENDING}/{fit.result('repair.item_id')}")
    repair.title = f"Repair for {deal.title}"
    visit = start(repair, "e2e-visit", at=NINE).at("Until Tom was there")
    return Booked(deal, fit, repair, visit, since)


def calendar(company: Company) -> list[tuple[str, str, int, int]]:
    """Return what both employees are booked for on the day: item, service, beginning and minutes."""

    def look() -> tuple[Any, ...] | None:
        told = []
        for user in ("tom", "nils"):
            found = company.get(f"/v1/calendar?user={user}&{DAY}")["bookings"]
            told.append([(one["item"], one["service"], one["start"], one["end"] - one["start"]) for one in found])
        return tuple(told) if told[0] == told[1] else None  # between two requests a booking may come

    return [(*rest, minutes // 60_000) for *rest, minutes in eventually(look)[0]]


def test_products_are_added_with_their_discount_and_told_one_by_one(booked: Booked) -> None:
    """Two rows, the amount of the deal, a comment for each row, in the order of the rows."""
    places = ("desk", "hours", "info#0", "told#0", "info#1", "told#1", "repair", "plan")
    assert booked.fit.steps() == dict.fromkeys(places, "completed")
    state = booked.deal.state()
    rows = [(row["product_id"], row["quantity_milli"], row["discount_milli"]) for row in state["rows"]]
    assert rows == [("desk-oak", 2_000, 10_000), ("assembly", 1_500, 0)]
    assert state["fields"]["amount"] == amount_body(Money(178_200, "EUR"))
    assert comments(booked.deal) == [
        "Desk of oak: 2 piece at 890.00 EUR - 10 % = 1602.00 EUR",
        "Assembly at the client's: 1.5 hour at 120.00 EUR - 0 % = 180.00 EUR",
    ]
    added = [one["actor"] for one in journal(booked.deal) if one["field"] == "product_rows"]
    assert added == ["process:e2e-fit"] * 2


def test_the_repair_belongs_to_the_deal_and_is_planned(booked: Booked) -> None:
    """Its field names the deal as parent; the edit is one save, and the rule of its new stage ran once."""
    state, repair = booked.repair.state(), booked.repair
    assert (state["stage"], state["responsible"]) == ("planned", "ann")
    assert (state["fields"]["deal"], state["fields"]["device"]) == (booked.deal.id, "Chair")
    assert repair.ending("e2e-planned") == ("completed", "")
    assert eventually(lambda: repair.company.told("tom", repair.title)) == [f"{repair.title}: Chair"]
    assert [one["facts"]["to_stage"] for one in repair.timeline("stage_changed")] == ["planned"]


async def test_nothing_that_is_delivered_again_is_done_again(booked: Booked, kafka: KafkaSettings) -> None:
    """No third row, no second repair, no second booking."""
    company = booked.deal.company
    before = [(booked.repair.path, "Mend Chair", NINE, 60)]
    assert eventually(lambda: calendar(company)) == before
    items = (booked.deal, booked.repair)

    assert not await changed_by_redelivery(company, kafka, booked.since, items, ("ann", "tom"))
    assert calendar(company) == before
    repairs = company.get(f"/v1/items?item_type={MENDING}")["items"]
    assert [one["item_id"] for one in repairs] == [booked.repair.id]


def test_a_deleted_repair_frees_who_was_booked_for_it(booked: Booked) -> None:
    """Nobody is booked twice; with the item its process ends, and its time is free for another, which then is freed."""
    company = booked.deal.company
    other = Item(company, MENDING, NOTHING, device="Table").create()
    busy = start(other, "e2e-visit", at=NINE + 1_800_000).ended()
    assert busy.steps() == {"book": "failed resource_busy"}
    assert "visit" not in other.state()["fields"]

    clear = start(booked.deal, "e2e-clear", repair=booked.repair.id).ended()
    assert clear.steps() == {
        "rows": "completed", "no_rows": "skipped no_products", "gone": "completed",
        "unknown": "failed item_not_found",
    }  # fmt: skip
    state = booked.deal.state()
    assert (state["rows"], state["fields"]["amount"]["minor"]) == ([], 0)
    assert eventually(lambda: booked.repair.state()["deleted"])
    assert booked.visit.outcome() == ("cancelled", "item_deleted")
    assert [one["facts"]["closed_by"] for one in booked.repair.timeline("wait")] == ["item_deleted"]

    eventually(lambda: not calendar(company))
    start(other, "e2e-visit", at=NINE + 1_800_000).at("Until Tom was there")
    assert eventually(lambda: calendar(company)) == [(other.path, "Mend Table", NINE + 1_800_000, 60)]
    release = start(other, "e2e-release").ended()
    assert release.steps() == {"release": "completed", "again": "skipped nothing_booked"}
    eventually(lambda: not calendar(company))
    assert not other.state()["fields"].get("visit")
