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
    Instance,
    applied,
    changed_by_redelivery,
    comments,
    instance,
    now_ms,
    records,
    start,
)

pytestmark = pytest.mark.kafka

EUR_500 = Money(50_000, "EUR")
CALL_AT = 1_898_848_800_000
"""2030-03-04 10:00 UTC."""
HOUR = 3_600_000
QUEUE = ("cem", "dora", "emil")
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


def calendar(company: Company, user: str, item: Item) -> list[str]:
    """Return what an employee has to do for a deal on the day of the call."""
    found = company.get(f"/v1/calendar?user={user}&since={CALL_AT - HOUR}&until={CALL_AT + 9 * HOUR}")["entries"]
    return sorted(one["activity"]["kind"] for one in found if one["item_id"] == item.id)


async def test_deals_go_round_and_leave_everything_behind(sales: Company, kafka: KafkaSettings) -> None:
    """Each deal its employee and tasks; those of the left stage are ended, the shop stops all; then all of it again."""
    since = now_ms()
    deals = [new_deal(sales) for _ in range(4)]
    assert [deal.state()["responsible"] for deal in deals] == ["cem", "dora", "emil", "cem"]
    deal, invoiced, answered, gone = deals
    work_is_handed_out(deal)

    by_hand = {"kind": "create_task", "title": "By hand", "responsible": "ann", "item": deal.path, "user": "ann"}
    assert sales.decided(f"/v1/records/task/hand-{deal.id}/changes", by_hand).status == 200
    deal.save(stage="qualified", user="ann")
    handed = instance(deal, "hand-out").at("Wait for the client")
    assert handed.result("until.reached_stage") == "qualified"
    assert handed.result("end.ended_count") == 2
    assert eventually(lambda: tasks(deal, "completed") == ["export: it", "rush: it"])
    assert eventually(lambda: tasks(deal, "open") == ["By hand", "Offer it"])
    assert [one["facts"]["reason"] for one in deal.timeline("activity_completed")] == ["status_changed"]

    the_shop_stops_all(deal, handed)
    rules_are_stopped_too(invoiced)
    contact = a_client_of_its_contact_calls(answered)
    gone.delete()
    assert instance(gone, "hand-out").outcome() == ("cancelled", "item_deleted")
    assert await changed_by_redelivery(sales, kafka, since, [*deals, contact], ["ann", "berta", *QUEUE]) == {}


def work_is_handed_out(deal: Item) -> None:
    """Check what a new deal has got: its employee, observers, a task for each tag, a call and something to look at."""
    state, company = deal.state(), deal.company
    assert state["observers"] == ["berta", "lena"]
    (changed,) = deal.timeline("responsible_changed")
    assert (changed["facts"], changed["on_behalf_of"]) == ({"old": "ann", "new": "cem"}, "berta")
    told = f"{deal.title}: the responsible person is now Cem Sample."
    assert eventually(lambda: told in company.told("cem", deal.title) and told in company.told("ann", deal.title))
    assert eventually(lambda: tasks(deal, "open") == ["export: it", "rush: it"])
    planned = [(one["facts"]["activity"], one["facts"]["responsible"]) for one in deal.timeline("activity_planned")]
    assert planned == [("call", "cem"), ("activity", "cem")]
    assert calendar(company, "cem", deal) == ["call"]
    rounds = [line["facts"]["round"] for line in instance(deal, "hand-out").entry()["log"] if line["kind"] == "round"]
    assert rounds == [0, 1]


def the_shop_stops_all(deal: Item, handed: Instance) -> None:
    """Check that the other pipeline ends the process that asked for it, and cancels the one that waits."""
    shop = start(deal, "to-the-shop")
    assert shop.outcome() == ("completed", "")
    assert shop.steps() == {"note": "completed", "move": "completed"}
    assert handed.outcome() == ("cancelled", "pipeline_changed")
    assert handed.steps()["rest"] == "cancelled pipeline_changed"
    assert [one["facts"]["closed_by"] for one in deal.timeline("wait")] == ["pipeline_changed"]
    state = deal.state()
    assert (state["pipeline"], state["stage"]) == ("shop", "cart")
    assert records(deal) == [f"{deal.title} goes to the shop"]
    assert [one["actor"] for one in deal.timeline("pipeline_changed")] == ["process:to-the-shop"]
    assert comments(deal) == []


def rules_are_stopped_too(deal: Item) -> None:
    """Check the same for a rule that waits for its time, from the command line."""
    deal.save(stage="invoice_sent")
    assert deal.ending("big-deal") == ("skipped", "condition_not_met")
    deal.company.shell("process", "start", "to-the-shop", deal.path, "--user", "ann")
    assert eventually(lambda: deal.state()["pipeline"] == "shop")
    assert deal.ending("still-unpaid") == ("cancelled", "stage_left")


def a_client_of_its_contact_calls(deal: Item) -> Item:
    """Check that a wait hears of what the linked contact does, and nothing else does; return the contact."""
    contact = Item(deal.company, "contact", EUR_500, name="Clara Cliente").create()
    deal.save(stage="qualified", fields={"contact": contact.id})
    handed = instance(deal, "hand-out").at("Wait for the client")
    contact.change(kind="comment", text="She is on holiday")
    contact.change(kind="activity", activity="call", activity_id=f"call-{contact.id}", source="incoming_call")
    assert handed.outcome() == ("completed", "")
    assert comments(deal) == ["Ended by client_activity"]
    return contact


def test_a_meeting_is_planned_by_hand_with_a_form(sales: Company) -> None:
    """The worked example of spec 4.41: form, meeting, and a notification besides the reminder."""
    deal = Item(sales, "deal", EUR_500).create("dora")
    form = sales.get("/v1/templates/plan-meeting/form")["schema"]
    assert (form["title"], form["required"]) == ("Plan a meeting", ["from", "to"])
    assert {code: one["x-type"] for code, one in form["properties"].items()} == {
        "from": "datetime", "to": "datetime", "ahead": "int", "important": "bool"
    }  # fmt: skip
    refused = sales.call("POST", f"/v1/items/{deal.path}/processes", {"template": "plan-meeting", "params": {}})
    assert [one["path"] for one in refused.data["errors"]] == ["params.from", "params.to"]

    when = {"from": CALL_AT, "to": CALL_AT + 2 * HOUR, "ahead": 3, "important": True}
    assert start(deal, "plan-meeting", "dora", **when).outcome() == ("completed", "")
    (planned,) = deal.timeline("activity_planned")
    shown = planned["facts"]
    assert (shown["activity"], shown["subject"], shown["place"]) == ("meeting", f"Show {deal.title}", "Showroom")
    assert (shown["start"], shown["end"], shown["important"]) == (CALL_AT, CALL_AT + 2 * HOUR, True)
    (listed,) = sales.get(f"/v1/items/{deal.path}/activities?open=true")["activities"]
    assert listed["activity"]["remind_at"] == CALL_AT - 3 * HOUR
    assert calendar(sales, "dora", deal) == ["meeting"]
    assert len(eventually(lambda: sales.told("dora", deal.title))) == 1

    deal.save(stage="qualified", user="dora")
    assert sales.get(f"/v1/items/{deal.path}/activities?open=true")["activities"] == []
    (over,) = deal.timeline("activity_completed")
    assert (over["facts"]["reason"], over["actor"]) == ("status_changed", "user:dora")


def test_a_period_that_ends_before_it_begins_is_no_meeting(sales: Company) -> None:
    """The step fails with its reason, nothing is planned, and the responsible is told."""
    deal = Item(sales, "deal", EUR_500).create("dora")
    tried = start(deal, "plan-meeting", **{"from": CALL_AT, "to": CALL_AT - HOUR})
    assert tried.outcome() == ("completed", "")
    assert tried.steps() == {"meeting": "failed invalid_period"}
    assert deal.timeline("activity_planned") == []
    assert eventually(lambda: sales.told("dora", deal.title))
