"""Deals go round the sales people, with tasks, calls and a meeting, until a change of pipeline stops all that runs.

What each action decides is told in tests/core/catalogue; here queues and tasks are records that several deals ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from automation.values import Money
from services.edge.kafka import KafkaSettings
from tests.e2e.company import Company, Item, eventually
from tests.e2e.instances import (
    applied,
    changed_by_redelivery,
    comments,
    instance,
    instances,
    now_ms,
    records,
    start,
)

pytestmark = pytest.mark.kafka

EUR_500 = Money(50_000, "EUR")
CALL_AT = 1_898_848_800_000
"""2030-03-04 10:00 UTC."""
HOUR = 3_600_000
WAIT = "Wait until it is qualified"


@pytest.fixture(scope="module")
def sales(company: Company) -> Iterator[Company]:
    """The example company with processes that hand deals out."""
    with applied(company, "responsible_and_tasks.yaml") as found:
        yield found


def new_deal(sales: Company, **fields: Any) -> Item:
    """Return a deal from the fair with two tags, which its process has prepared."""
    deal = Item(sales, "deal", EUR_500, channel="fair", tags=["rush", "export"], **fields).create(source="manual")
    instance(deal, "hand-out").at(WAIT)
    return deal


def tasks(deal: Item, status: str) -> list[str]:
    """Return what the deal's tasks of a status are called."""
    found = deal.company.get(f"/v1/records/task?item={deal.path}&status={status}")["records"]
    return sorted(one["title"].replace(deal.title, "it") for one in found)


async def test_deals_go_round_and_leave_everything_behind(sales: Company, kafka: KafkaSettings) -> None:
    """Three deals, three people; the tasks of a stage are ended, and the other pipeline stops all; then all again."""
    since = now_ms()
    deals = [new_deal(sales) for _ in range(3)]
    people = [deal.state()["responsible"] for deal in deals]
    print(people)
    deal = deals[0]
    print(deal.state(), deal.timeline("activity_planned"), deal.company.get(f"/v1/items/{deal.path}/activities"))
    print(sales.get(f"/v1/records/task?item={deal.path}"))
    print(sales.told("cem", deal.title), sales.told("ann", deal.title))
    mine = {"kind": "create_task", "title": "By hand", "responsible": "ann", "item": deal.path, "user": "ann"}
    assert sales.call("POST", f"/v1/records/task/hand-{deal.id}/changes?wait=10", mine).status == 200
    meeting = start(deal, "plan-meeting", **{"from": CALL_AT, "to": CALL_AT + HOUR, "important": True})
    print(meeting.outcome(), meeting.entry())
    deal.save(stage="qualified")
    hand = instance(deal, "hand-out").at("Wait for the client")
    print(tasks(deal, "open"), tasks(deal, "completed"), hand.entry()["results"])
    shop = start(deal, "to-the-shop")
    print(shop.outcome(), hand.outcome(), hand.steps(), deal.state())
    print(deal.company.get(f"/v1/items/{deal.path}/timeline?limit=100"))
    print(await changed_by_redelivery(sales, kafka, since, deals, ["ann", "cem", "dora", "emil", "berta"]))
    assert 0
