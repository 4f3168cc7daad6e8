"""A request from the site becomes a deal, and the deal a repeat lead: processes alone, a real Kafka, all from outside.

What each action decides is told in tests/core/catalogue; here the requests between items and processes are real.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from automation.values import Money
from services.edge.kafka import KafkaSettings
from tests.e2e import instances as i
from tests.e2e.company import Company, Item, amount_body, eventually
from tests.e2e.instances import applied, comments, instance, instances, records, start

pytestmark = pytest.mark.kafka

FORGOTTEN = "Nobody has contacted this lead yet."
"""What the company's rule says of a lead that was new for 20 s, as on a busy machine."""

EUR_9K = Money(900_000, "EUR")
EUR_40 = Money(4_000, "EUR")
ROWS = [{"product_id": "desk-oak", "quantity_milli": 2_000}]


@pytest.fixture(scope="module")
def sales(company: Company) -> Iterator[Company]:
    """The example company with processes for requests from the site."""
    with applied(company, "lead_to_deal.yaml") as found:
        yield found


def request(sales: Company, budget: Money, **more: Any) -> Item:
    """Return a lead as the form on the site makes it."""
    fields = {"interest": "chair", "budget": amount_body(budget), "name": "Clara Cliente", "email_work": "c@home.test"}
    return Item(sales, "lead", budget, **fields).create(source="crm_form", **more)


def client_writes(lead: Item) -> None:
    """Report a message of the client."""
    name = f"m-{uuid.uuid4().hex[:8]}"
    lead.change(kind="activity", activity="message", activity_id=name, source="app")


async def test_a_request_becomes_a_deal_and_the_deal_a_repeat_lead(sales: Company, kafka: KafkaSettings) -> None:
    """From the form over the client's answer and the conversion to the end of the deal; then all of it again."""
    since = i.now_ms()
    lead = request(sales, EUR_9K, rows=ROWS, process_params={"web-lead.page": "the fair"})
    asked, watch = instance(lead, "web-lead").at("Wait for the client"), instance(lead, "lead-watch").at("wait")
    assert asked.entry()["started_by"] == watch.entry()["started_by"] == "on_add"
    assert records(lead) == ["Clara Cliente wrote from the fair"]
    (rest,) = lead.timeline("wait")
    assert (rest["facts"]["comment"], rest["facts"]["open"]) == ("Clara Cliente has our answer", True)

    client_writes(lead)
    assert asked.outcome() == watch.outcome() == ("completed", "")
    assert asked.steps() == dict.fromkeys(
        ["note", "ring", "rest", "known", "convert", "told"], "completed"
    )  # fmt: skip
    assert asked.result("rest.ended_by") == "client_activity"
    assert watch.entry()["variables"] == {"seen": "converted"}
    branches = {one["place"]: one["facts"]["title"] for one in asked.entry()["log"] if one["kind"] == "branch"}
    assert branches == {"answered": "", "qualified": "Worth an offer"}

    contact = Item.found(sales, "contact", asked.result("known.contact_id"))
    deal = Item.found(sales, "deal", asked.result("convert.deal_id"))
    assert asked.result("convert.contact_id") == contact.id
    state, made = lead.state(), deal.state()
    assert (state["stage"], state["converted"], state["repeat"]) == ("converted", True, True)
    assert (made["pipeline"], made["stage"], made["responsible"]) == ("main", "new", "ann")
    assert (made["fields"]["contact"], made["fields"]["title"]) == (contact.id, lead.title)
    assert [row["product_id"] for row in made["rows"]] == ["desk-oak"]
    who = contact.state()
    assert (who["fields"]["name"], who["fields"]["email_work"], who["responsible"]) == (
        "Clara Cliente", "c@home.test", "berta",
    )  # fmt: skip
    told = [text for text in comments(lead) if text != FORGOTTEN]
    assert told == [f"[b]{lead.title}[/b] is deal {deal.id}"]
    assert [one["facts"]["closed_by"] for one in lead.timeline("wait")] == ["client_activity"]
    assert [one["facts"]["reason"] for one in lead.timeline("activity_completed")] == ["converted"]
    assert instances(deal) == []

    sold = start(deal, "sold", again="Chairs, too").at("won", "month")
    deal.save(stage="delivery")
    assert sold.outcome() == ("completed", "")
    assert sold.steps() == {
        "won": "completed", "month": "cancelled other_path_ended", "repeat": "completed", "told": "completed"
    }  # fmt: skip
    again = Item.found(sales, "lead", sold.result("repeat.lead_id"))
    assert comments(deal) == [f"delivery: lead {again.id}"]
    state = again.state()
    assert (state["fields"]["title"], state["responsible"], state["repeat"]) == ("Chairs, too", "cem", True)
    assert (state["fields"]["contact"], state["stage"]) == (contact.id, "new")
    assert instances(again) == []

    again.save(stage="contacted")  # the example company notes what stays new for too long

    people = ["ann", "berta", "cem"]
    assert await i.changed_by_redelivery(sales, kafka, since, [lead, deal, contact, again], people) == {}


def test_a_request_below_the_least_budget_is_put_aside(sales: Company) -> None:
    """The process ends with the change of status; what waits for the lead's end goes on."""
    lead = request(sales, EUR_40)
    asked = instance(lead, "web-lead").at("Wait for the client")
    client_writes(lead)
    lead.reach("junk")

    assert asked.outcome() == ("completed", "")
    assert asked.steps()["small"] == "completed"
    assert instance(lead, "lead-watch").ended().entry()["variables"] == {"seen": "junk"}
    assert [one["actor"] for one in lead.timeline("stage_changed")] == ["process:web-lead"]
    eventually(lambda: lead.timeline("activity_completed"))


def test_a_request_that_stays_silent_is_put_aside(sales: Company) -> None:
    """Somebody ends the wait by hand, in whose name it stands; the condition of the branch says why it was taken."""
    lead = request(sales, EUR_9K)
    asked = instance(lead, "web-lead").at("Wait for the client")
    sales.shell("process", "skip", asked.id, "--place", "rest", "--user", "boss")
    lead.reach("junk")

    (silent,) = (line for line in asked.ended().entry()["log"] if line["kind"] == "branch")
    assert (silent["facts"]["title"], silent["why"][0]["condition"]["actual"]) == ("Silence", None)
    assert asked.steps() == {
        "note": "completed", "ring": "completed", "rest": "skipped skipped_by_hand", "silence": "completed"
    }  # fmt: skip


def test_processes_start_only_where_their_condition_holds(sales: Company) -> None:
    """Another interest starts nothing; a deal that a person makes starts what deals of processes do not."""
    lead = Item(sales, "lead", EUR_40, interest="desk").create(source="crm_form")
    deal, quiet = Item(sales, "deal", EUR_40).create(), Item(sales, "deal", EUR_40, comments="quiet").create()

    assert instance(deal, "new-deal-note").outcome() == ("completed", "")
    assert records(deal) == ["Made by a person"]
    assert instances(lead) == instances(quiet) == []
