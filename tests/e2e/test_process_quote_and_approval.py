"""A quote from its terms to the invoice: people are asked over HTTP, papers are made, a failure is repaired by hand.

What each action decides is told in tests/core/catalogue; here records, files and people are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.request import urlopen

import pytest
from pypdf import PdfReader

from automation.values import Money
from services.edge.kafka import KafkaSettings
from tests.e2e.company import Company, Item, eventually
from tests.e2e.instances import (
    Instance,
    applied,
    changed_by_redelivery,
    comments,
    instances,
    journal,
    now_ms,
    start,
)

pytestmark = pytest.mark.kafka

EUR_500 = Money(50_000, "EUR")
ROWS = [{"product_id": "desk-oak", "quantity_milli": 1_000}]


@pytest.fixture(scope="module")
def sales(company: Company) -> Iterator[Company]:
    """The example company with a process for offers."""
    with applied(company, "quote_and_approval.yaml") as found:
        yield found


def offered(sales: Company) -> tuple[Item, Item, Item]:
    """Return a deal with its contact and its company, of which the tax number and the city are known."""
    contact = Item(sales, "contact", EUR_500, name="Clara Cliente").create()
    firm = Item(sales, "company", EUR_500).create()
    firm.change(
        kind="save_details", record_id="1", template="firm", fields={"tax_number": "DE-1"},
        addresses={"legal": {"city": "Paris"}},
    )  # fmt: skip
    deal = Item(sales, "deal", EUR_500, contact=contact.id, email_work="c@home.test")
    deal.fields["company"] = firm.id
    return deal.create(rows=ROWS), contact, firm


def asked(deal: Item, user: str) -> Any:
    """Return what waits for an employee about the deal, as soon as there is something."""
    (task,) = eventually(lambda: deal.company.get(f"/v1/human-tasks?user={user}&item={deal.path}")["tasks"])
    return task


def decide(deal: Item, user: str, decision: str, **more: Any) -> int:
    """Decide on what waits for an employee; return the status of the answer."""
    task = asked(deal, user)["id"]
    body = {"user": user, "decision": decision, **more}
    status = deal.company.call("POST", f"/v1/human-tasks/{task}/decision?wait=10", body).status
    return 200 if status == 202 else status  # taken: what comes of it is waited for where it is looked at


def pdf_of(deal: Item, file: str) -> str:
    """Return the text of the first page of a file of the drive."""
    link = deal.company.get(f"/v1/files/{file}")["link"]
    with urlopen(link, timeout=30) as answer:
        return PdfReader(BytesIO(answer.read())).pages[0].extract_text()


def agreed(deal: Item) -> Instance:
    """Start the process, and answer what it asks first."""
    offer = start(deal, "offer").at("Ask for the terms")
    assert decide(deal, "ann", "answer", values={"discount": 5, "delivery": "courier"}) == 200
    return offer


async def test_an_offer_is_made_approved_and_invoiced(sales: Company, kafka: KafkaSettings) -> None:
    """The form, the client's papers, two rounds of approval, invoice and quote, an incident; then all of it again."""
    since = now_ms()
    deal, contact, firm = offered(sales)
    offer = agreed(deal)
    assert decide(deal, "berta", "reject", comment="Too cheap") == 200
    eventually(lambda: offer.steps().get("ask#1"))
    assert decide(deal, "berta", "approve") == 200
    assert decide(deal, "ines", "approve", comment="A fair price") == 200

    (incident,) = eventually(lambda: offer.entry()["incidents"])
    assert (incident["place"], incident["reason"], incident["attempt"]) == ("go", "stage_not_in_pipeline", 1)
    sales.shell("process", "set", offer.id, "target=proposal", "--user", "berta")
    sales.shell("process", "retry", offer.id, "--user", "berta")
    assert offer.outcome() == ("completed", "")
    assert deal.state()["stage"] == "proposal"
    assert set(offer.steps().values()) == {"completed"}
    tries = [line["status"] for line in offer.entry()["log"] if line["kind"] == "step" and line["place"] == "go"]
    assert tries == ["failed", "failed", "completed"]

    papers_are_kept(deal, contact, firm, offer)
    invoice, quote = made_of(deal, offer)
    people_are_told(deal)
    people, items = ["ann", "berta", "ines", "lena"], [deal, contact, firm, invoice, quote]
    assert await changed_by_redelivery(sales, kafka, since, items, people) == {}


def papers_are_kept(deal: Item, contact: Item, firm: Item, offer: Instance) -> None:
    """Check what the process wrote of the client, and its documents: one of each round, the first try not signed."""
    assert offer.result("move.changed_fields") == ["tax_number", "legal.city"]
    assert (offer.result("papers.tax_number"), offer.result("papers.address")) == ("DE-2", "Lyon")
    fields = firm.state()["fields"]
    assert (fields["vat_id"], fields["e2e_delivery"]) == ("DE-2", "courier")
    (position,) = (one for one in journal(contact) if one["field"] == "position")
    assert (position["old"], position["new"], position["on_behalf_of"]) == (None, "Buyer", "berta")

    numbers = [one["facts"]["number"] for one in deal.timeline("document_created")]
    assert len(numbers) == 2
    assert offer.result("paper.number") == numbers[1]
    for made in instances(deal, "offer-document"):
        assert made.steps() == {"signed": "failed signature_not_configured", "plain": "completed"}
    text = pdf_of(deal, offer.entry()["variables"]["document"])
    assert f"Quote {numbers[1]}" in text
    assert f"{deal.title} for {firm.title}, 5 % off" in text


def made_of(deal: Item, offer: Instance) -> tuple[Item, Item]:
    """Check the invoice and the quote that came of it, and return them."""
    found = [Item.found(deal.company, kind, offer.result(f"create.{kind}_id")) for kind in ("invoice", "quote")]
    for one in found:
        state = one.state()
        assert (state["stage"], state["responsible"], state["fields"]["title"]) == ("draft", "lena", deal.title)
        assert [row["product_id"] for row in state["rows"]] == ["desk-oak"]
        assert [entry["facts"]["item_id"] for entry in one.timeline("created_from")] == [deal.id]
    return found[0], found[1]


def people_are_told(deal: Item) -> None:
    """Check what stands in the timeline: questions, decisions, the comment, and one change of the stage."""
    assert [one["facts"]["decision"] for one in deal.timeline("people_decided")] == ["answered", "rejected", "approved"]
    assert [one["facts"]["asked"] for one in deal.timeline("people_asked")] == ["information", "approval", "approval"]
    assert comments(deal) == ["Approved by Ines Director: Ines Director: A fair price"]
    (moved,) = deal.timeline("stage_changed")
    assert (moved["actor"], moved["facts"]["to_stage"]) == ("process:offer", "proposal")
    (failure,) = eventually(lambda: [text for text in deal.company.told("ann", deal.title) if "stage not" in text])
    assert "Offer" in failure


def test_an_offer_that_nobody_wants_is_lost(sales: Company) -> None:
    """Two rounds, each rejected by the first who decides; nothing is created, and no third round begins."""
    deal, _, _ = offered(sales)
    offer = agreed(deal)
    for number in range(2):
        eventually(lambda number=number: offer.steps().get(f"ask#{number}"))
        assert decide(deal, "ines", "reject") == 200
    deal.reach("lost")

    assert offer.outcome() == ("completed", "")
    assert "create" not in offer.steps()
    (ended,) = (line for line in offer.entry()["log"] if line["kind"] == "loop_ended")
    assert (ended["facts"]["rounds"], ended["reason"]) == (2, "loop_limit")


def test_only_who_is_asked_decides_and_only_with_what_fits(sales: Company) -> None:
    """A form without its required field, and a stranger, are refused at once; the question stays open."""
    deal, _, _ = offered(sales)
    offer = start(deal, "offer").at("Ask for the terms")
    assert decide(deal, "ann", "answer", values={"discount": 5}) == 422
    stranger = {"user": "cem", "decision": "answer", "values": {"delivery": "courier"}}
    reply = sales.call("POST", f"/v1/human-tasks/{asked(deal, 'ann')['id']}/decision?wait=10", stranger)
    assert reply.status == 422

    sales.shell("process", "stop", offer.id, "--reason", "Changed our minds", "--user", "ann")
    assert offer.outcome() == ("cancelled", "Changed our minds")
    assert eventually(lambda: not sales.get(f"/v1/human-tasks?item={deal.path}")["tasks"])
