"""Marketing: audiences, exceptions, records that a process makes and reads, and a process of the news feed.

A real Kafka, all from outside. What each action decides is told in tests/core/catalogue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import NamedTuple

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
    instances,
    item_of,
    now_ms,
    start,
)

pytestmark = pytest.mark.kafka

NOTHING = Money(0, "EUR")


class Campaign(NamedTuple):
    """A lead for whom all was done, with its contact, and what the processes have made."""

    lead: Item
    contact: Item
    ads: Instance
    made: Instance
    since: int

    @property
    def mail(self) -> str:
        """The lead's own address."""
        return str(self.lead.fields["email_work"])


@pytest.fixture(scope="module")
def marketing(company: Company) -> Iterator[Company]:
    """The example company, which advertises."""
    with applied(company, "campaign.yaml") as found:
        yield found


@pytest.fixture(scope="module")
def campaign(marketing: Company) -> Campaign:
    """The lead is advertised to, won over, and blocked."""
    since = now_ms()
    contact = Item(marketing, "contact", NOTHING, name="Nora Neighbour")
    contact.fields |= {"email_home": f"Nora-{contact.id}@Home.test", "phone_mobile": "+49 (0)170 77 88"}
    contact.create()
    lead = Item(marketing, "lead", NOTHING, name="Otto Offer", contact=contact.id, phone_work="0049 30 1234567")
    lead.fields["email_work"] = f"otto-{lead.id}@home.test"
    lead.create(stage="contacted")  # on the first one a rule with a delay would wait
    ads, made = start(lead, "e2e-advertise").ended(), start(lead, "e2e-win-over").ended()
    assert start(lead, "e2e-block").ended().steps() == {"block": "completed", "note": "completed"}
    return Campaign(lead, contact, ads, made, since)


def hashed(*values: str) -> list[str]:
    """Return what leaves of contact points."""
    return sorted(hashlib.sha256(value.encode()).hexdigest() for value in values)


def test_audiences_get_hashes_of_what_the_lead_and_its_contact_have(campaign: Campaign) -> None:
    """Each service once, in the form that it compares; nothing readable leaves the platform."""
    assert campaign.ads.steps() == {
        "meta": "completed", "words": "completed", "nameless": "failed missing_value:audience",
        "strange": "failed not_connected",
    }  # fmt: skip
    assert (campaign.ads.result("meta.added_count"), campaign.ads.result("words.added_count")) == (4, 2)
    kept = campaign.lead.company.mails(campaign.lead)
    found = {one["recipient"]: {kind: sorted(of) for kind, of in json.loads(one["text"]).items()} for one in kept}
    mails = hashed(campaign.mail, f"nora-{campaign.contact.id}@home.test")
    assert len(kept) == 2
    assert found == {
        "own-audience": {"emails": mails, "phones": hashed("49301234567", "491707788")},
        "list-7": {"emails": mails, "phones": []},
    }


def test_a_process_makes_records_and_reads_them(campaign: Campaign) -> None:
    """Company, contact, deal and lead, linked as their fields say; what cannot be made leaves nothing behind."""
    company, lead, made = campaign.lead.company, campaign.lead, campaign.made
    assert {place: outcome for place, outcome in made.steps().items() if outcome != "completed"} == {
        "wrong": "failed invalid_value:stage", "unknown": "failed item_not_found",
    }  # fmt: skip
    firm, person = made.result("firm.item_id"), made.result("person.item_id")
    assert item_of(company, f"company/{firm}").state()["fields"]["title"] == f"Firm of {lead.title}"
    contact = item_of(company, f"contact/{person}").state()
    assert (contact["fields"]["name"], contact["fields"]["company"]) == ("Otto Offer", firm)
    deal = item_of(company, f"deal/{made.result('deal.item_id')}")
    state = deal.state()
    assert (state["pipeline"], state["stage"], state["responsible"]) == ("main", "qualified", "ann")
    assert (state["fields"]["contact"], state["fields"]["company"]) == (person, firm)
    assert deal.ending("qualified-priority") == ("skipped", "condition_not_met")
    follow = item_of(company, f"lead/{made.result('follow.item_id')}")
    assert follow.state()["stage"] == "new"
    assert follow.ending("new-lead") == ("completed", "")

    wanted = {
        "found.found": True, "found.item_id": person, "found.name": "Otto Offer", "nobody.found": False,
        "raw.responsible": "cem", "deal_data.responsible": "Ann Example", "deal_data.amount": "1200.50 EUR",
    }  # fmt: skip
    assert {name: made.result(name) for name in wanted} == wanted
    assert comments(lead)[0] == "Otto Offer looks after 1200.50 EUR with Ann Example"


def test_who_is_on_the_exceptions_list_makes_no_items(campaign: Campaign) -> None:
    """By form, mail or call, under the lead's address or its contact's number; people still may create one."""
    company, fates = campaign.lead.company, []
    for source, fields in (
        ("crm_form", {"email_home": campaign.mail.upper()}),
        ("incoming_email", {"email_work": f"<nora-{campaign.contact.id}@home.test>"}),
        ("incoming_call", {"phone_home": "+49 170 7788"}),
        ("crm_form", {"email_work": f"stranger-{campaign.contact.id}@home.test"}),
    ):
        came = Item(company, "lead", NOTHING, **fields).create(source=source)
        fates += eventually(lambda came=came: _fates(came))  # type: ignore[misc]
        listed = [one["item_id"] for one in company.get("/v1/items?item_type=lead&limit=200")["items"]]
        assert {came.id in listed, not came.state()["deleted"]} == {fates[-1] == "CreationAdmitted"}
    assert fates == [*["CreationRefused"] * 3, "CreationAdmitted"]
    by_hand = Item(company, "lead", NOTHING, email_work=campaign.mail).create(source="manual")
    assert by_hand.state()["stage"] == "new"
    listed = company.get(f"/v1/records/exception?item={campaign.lead.path}")["records"]
    assert {campaign.lead.path, campaign.mail} <= {one["title"] for one in listed}


def _fates(item: Item) -> list[str]:
    found = [one["type"] for one in item.company.get(f"/v1/items/{item.path}/events")["events"]]
    return [kind for kind in found if kind in ("CreationRefused", "CreationAdmitted")]


def test_a_post_of_the_feed_has_a_process(campaign: Campaign) -> None:
    """It starts by itself, makes a task and a lead, and waits for the lead; a post about something else has none."""
    company = campaign.lead.company
    post = Item(company, "feed_item", NOTHING)
    post.title = post.fields["title"] = f"Campaign {post.id}"
    post.create(source="manual")
    process = instance(post, "e2e-post").at("wait")
    lead = item_of(company, f"lead/{process.result('lead.item_id')}")
    assert (process.result("read.title"), process.result("read.responsible")) == (f"From {post.title}", "Ida Cart")
    (task,) = eventually(lambda: company.get(f"/v1/records/task?item={post.path}")["records"])
    assert (task["title"], task["owner"]) == (f"Answer {post.title}", "ida")

    lead.save(stage="contacted")
    assert process.outcome() == ("completed", "")
    assert process.result("wait.reached_status") == "contacted"
    other = Item(company, "feed_item", NOTHING).create(source="manual")
    assert instances(other) == []


async def test_nothing_that_is_delivered_again_happens_again(campaign: Campaign, kafka: KafkaSettings) -> None:
    """No contact point joins twice, no record is made twice, nobody is listed twice."""
    company, lead = campaign.lead.company, campaign.lead
    entries = company.get(f"/v1/records/exception?item={lead.path}")
    items = (lead, campaign.contact, item_of(company, f"deal/{campaign.made.result('deal.item_id')}"))

    assert not await changed_by_redelivery(company, kafka, campaign.since, items, ("ann", "cem", "ida"))
    assert company.get(f"/v1/records/exception?item={lead.path}") == entries
