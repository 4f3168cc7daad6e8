"""What a deal creates, and whose details it reads, from outside: a real Kafka, HTTP and the command line alone.

What each rule decides is told in tests/core/catalogue; here the requests between items, records and services are real.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from automation.values import Money
from tests.e2e.company import Company, Item, eventually

pytestmark = pytest.mark.kafka

EUR_500 = Money(50_000, "EUR")
PLACE = {"item_type": "deal", "pipeline": "main"}
DEFINITIONS: dict[tuple[str, str], Any] = {
    ("details_template", "person"): {
        "title": "Person", "entity": "person",
        "fields": [{"code": "passport", "title": "Passport", "type": "string", "personal": True}],
    },
    ("rule", "cfs-documents"): {
        "type": "create_from_source", **PLACE, "stage": "proposal", "params": {"create": ["invoice", "esign_document"]},
    },
    ("rule", "cfs-edit"): {
        "type": "edit_details", **PLACE, "stage": "qualified", "order": 10,
        "params": {
            "entity_type": "contact", "template": "person", "address_type": "actual",
            "fields": [{"field": "passport", "value": "P-2"}, {"field": "address_city", "value": "Lyon"},
                       {"field": "address_street", "value": "stays empty"}],
        },
    },
    ("rule", "cfs-read"): {
        "type": "get_details_values", **PLACE, "stage": "qualified", "order": 20,
        "params": {"entity_type": "contact", "template": "person", "address_type": "actual"},
    },
    ("rule", "cfs-tell"): {
        "type": "add_notification", **PLACE, "stage": "qualified", "order": 30,
        "params": {"text": "{{field:title}}: {{result:cfs-read.passport}}, {{result:cfs-read.address}}",
                   "recipients": ["user:marta"]},
    },
}  # fmt: skip


def save(company: Company, *, delete: bool) -> None:
    """Save or delete what this page adds to the company's definitions."""
    made = [
        {"kind": kind, "id": name, "delete": True} if delete
        else {"kind": kind, "id": name, "body": {"id": name, **body}}
        for (kind, name), body in DEFINITIONS.items()
    ]  # fmt: skip
    reply = company.call("PUT", "/v1/definitions", {"definitions": made})
    assert reply.status == 200, reply


@pytest.fixture
def defined(company: Company) -> Iterator[Company]:
    """The company with rules that create documents and work with details; they are gone afterwards."""
    save(company, delete=False)
    yield company
    save(company, delete=True)


def linked(deal: Item, item_type: str) -> str | None:
    """Return the id of what was created from the deal, as the deal's links show it."""
    found = [one["item_id"] for one in deal.state()["links"] if one["item_type"] == item_type]
    return found[0] if found else None


def test_a_created_invoice_that_is_paid_moves_its_deal(defined: Company) -> None:
    """Deal, invoice made from it with its products, payment of the invoice, trigger on the deal."""
    rows = [
        {"product_id": "p1", "name": "Desk", "quantity_milli": 1_000, "price": {"minor": 50_000, "currency": "EUR"}}
    ]
    deal = Item(defined, "deal", EUR_500, email_work="client@home.test", billing="invoice")
    deal.create(rows=rows).save(stage="proposal")
    results = deal.run("cfs-documents")["results"]
    assert deal.ending("cfs-documents") == ("completed", "")

    invoice = Item.found(defined, "invoice", results["invoice_id"])
    state = invoice.state()
    assert (state["stage"], state["rows"][0]["product_id"], state["responsible"]) == ("draft", "p1", "ann")
    assert eventually(lambda: linked(deal, "invoice")) == invoice.id
    assert [one["facts"]["item_id"] for one in invoice.timeline("created_from")] == [deal.id]

    invoice.save(stage="sent")
    assert defined.press_pay(invoice.link("invoice-link")["payment_link"]).status == 303
    invoice.reach("paid")
    deal.reach("assembly")
    assert deal.firings() == [("invoice-paid", "moved", "")]


def test_a_created_document_is_sent_and_signed(defined: Company) -> None:
    """The record is found by its item, and goes through its states."""
    deal = Item(defined, "deal", EUR_500)
    deal.create().save(stage="proposal")
    path = f"/v1/records/esign_document/{deal.run('cfs-documents')['results']['esign_document_id']}"

    for kind, status in (("send_esign_document", "sent"), ("record_signature", "signed")):
        assert eventually(lambda: defined.call("GET", path).status == 200)
        assert defined.decided(f"{path}/changes", {"kind": kind}).status == 200
        assert eventually(lambda status=status: defined.get(path)["status"] == status)
    assert eventually(lambda: linked(deal, "esign_document")) == path.rpartition("/")[2]


def test_edited_details_are_read_by_a_notification(defined: Company) -> None:
    """Only what was filled in is changed; the next rules of the stage read and tell it."""
    contact = f"c-{uuid.uuid4().hex[:8]}"
    path = f"/v1/items/contact/{contact}/changes"
    assert defined.decided(path, {"kind": "create", "fields": {"name": "Clara"}}).status == 200
    record = {"kind": "save_details", "record_id": "1", "template": "person", "fields": {"passport": "P-1"},
              "addresses": {"actual": {"city": "Paris"}}}  # fmt: skip
    assert defined.decided(path, record).status == 200
    deal = Item(defined, "deal", EUR_500, contact=contact)
    deal.create().save(stage="qualified")

    assert deal.run("cfs-edit")["results"] == {"changed_fields": ["passport", "actual.city"]}
    assert eventually(lambda: defined.told("marta", deal.title)) == [f"{deal.title}: P-2, Lyon"]
    journal = defined.get(f"/v1/items/contact/{contact}/journal")["entries"]
    assert {"details.1.passport", "details.1.actual.city"} <= {one["field"] for one in journal if one["old"]}
