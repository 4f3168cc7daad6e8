"""A document from outside: a rule makes it, the next one mails its link, the client downloads it (spec 4.21, 4.36)."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from pypdf import PdfReader

from automation.values import Money
from tests.e2e.company import Company, Item

pytestmark = pytest.mark.kafka

CLIENT = "Łukasz Żółć-Пётр"
STAGES = [{"id": "new", "title": "New"}, {"id": "offer", "title": "Offer"}]
TEXT = "# Offer {{field:document.number}}\n\nFor **{{field:contact.name}}**: {{field:title}}, {{field:amount}}\n"


def _rule(name: str, kind: str, order: int, **params: Any) -> dict[str, Any]:
    place = {"item_type": "deal", "pipeline": "papers", "stage": "offer"}
    return {"kind": "rule", "id": name, "type": kind, "order": order, "params": params, **place}


DEFINITIONS = [
    {"kind": "pipeline", "id": "papers", "item_type": "deal", "title": "Papers", "stages": STAGES},
    {"kind": "document_template", "id": "paper", "title": "Offer", "item_types": ["deal"], "text": TEXT,
     "number_format": "P-{number:3}"},
    _rule("paper-doc", "create_document", 1, template="paper", wait_for_pdf=True, create_public_link=True),
    _rule("paper-who", "get_crm_item_information", 2, item_type="contact", select_fields=["name"],
          filter={"field": "id", "op": "eq", "value": "{{field:contact}}"}),
    _rule("paper-mail", "send_client_email", 3, subject="Offer {{result:paper-doc.document_number}}",
          text="Dear {{result:paper-who.name}}, see {{result:paper-doc.public_link}}",
          attachment_type="drive", attachments=["{{result:paper-doc.pdf_file}}"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def papers(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The example company, which makes offers in a pipeline of their own."""
    file: Path = tmp_path_factory.mktemp("papers") / "papers.json"
    file.write_text(json.dumps(DEFINITIONS))
    company.define("apply", str(file))
    return company


def _offered(papers: Company) -> Item:
    contact = Item(papers, "contact", Money(0, "EUR"), name=CLIENT)
    contact.create()
    deal = Item(papers, "deal", Money(12_345, "EUR"), email_work="client@home.test", contact=contact.id)
    return deal.create(pipeline="papers").save(stage="offer")


def test_a_document_is_made_and_its_link_is_mailed(papers: Company) -> None:
    """What the client downloads is a PDF with the client's name, kept by the browser and never shown as a page."""
    deal = _offered(papers)
    made = deal.run("paper-doc")["results"]
    assert deal.ending("paper-mail") == ("completed", "")
    (mail,) = papers.mails(deal)
    assert mail["text"] == f"Dear {CLIENT}, see {made['public_link']}"

    with urlopen(made["public_link"], timeout=30) as answer:
        headers, pdf = answer.headers, answer.read()
    text = PdfReader(BytesIO(pdf)).pages[0].extract_text()
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert headers["Content-Disposition"].startswith("attachment;")
    for part in (CLIENT, deal.title, "123.45 EUR", made["document_number"]):
        assert part in text
    shown = deal.timeline("document_created")[0]["facts"]
    assert (shown["number"], shown["pdf_file"]) == (made["document_number"], made["pdf_file"])
    assert papers.shell("files", "list")["files"][0]["made_by"] == f"acme/{deal.path}"


def test_numbers_have_no_gaps_and_no_repeats(papers: Company) -> None:
    """Whoever asks at the same time, on whatever partition."""
    deals = [_offered(papers) for _ in range(6)]
    found = sorted(int(deal.run("paper-doc")["results"]["document_number"].removeprefix("P-")) for deal in deals)

    assert found == list(range(found[0], found[0] + 6))
