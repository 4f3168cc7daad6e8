"""The rule `create_document` (spec 4.21, 3.3)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.document_models import (
    ClientDetails,
    DocumentField,
    DocumentTemplate,
    OwnCompany,
    OwnDetails,
)
from automation.definitions.validation import check
from automation.envelope import Key
from automation.items import changes as c
from automation.items import events as e
from automation.items.document_effects import DocumentRequested
from automation.items.document_events import DocumentCreated
from automation.items.effects import ItemAnswered, ItemAsked
from automation.items.parts import ProductRow
from automation.values import Money, Personal
from tests.core.record_spec import record
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, Story, deal, kind_of, pipeline, rule

AT = 1_767_200_000_000  # 2025-12-31 in UTC
IMAGE, STAMP = "0" * 32, "1" * 32
TEXT = "# Offer {{field:document.number}}\n\n{{field:title}} for {{field:contact.name}}, {{field:document.terms}}\n"
OFFER = DocumentTemplate(
    id="offer", title="Offer", item_types=("deal",), text=TEXT + "\n{{products}}\n",
    fields=(DocumentField(code="terms"),), number_format="O-{year}-{number:4}",
)  # fmt: skip
HOME = OwnCompany(
    id="home", title="Acme AG", default=True, signature=IMAGE, stamp=STAMP,
    details=(OwnDetails(id="ch", fields={"vat": "CHE-1"}), OwnDetails(id="de", fields={"vat": "DE-2"})),
    bank_details=(OwnDetails(id="b1", fields={"iban": "CH93"}), OwnDetails(id="b2", fields={"iban": "DE89"})),
)  # fmt: skip
ABROAD = OwnCompany(id="abroad", title="Acme Ltd")
MAIL = rule("mail", "add_item_comment", "invoice_sent", {"text": "See {{result:doc.public_link}}"}, order=2)


def document(**params: Any) -> m.Rule:
    """Return a rule that makes an offer."""
    given = {"template": "offer", "document_fields": [{"field": "terms", "value": "30 days"}], **params}
    return rule("doc", "create_document", "invoice_sent", given, order=1)


EUR_2 = Money(200, "EUR")
OAK = (ProductRow("p", "Desk | *oak*", 1_500, EUR_2),)


def begun(*made: m.Definition, rows: tuple[ProductRow, ...] = OAK, **fields: Any) -> Story:
    """Return a deal that has entered the stage of the rule."""
    known = (OFFER, HOME) if not any(isinstance(one, DocumentTemplate | OwnCompany) for one in made) else ()
    story = deal(*known, *made, **fields)
    story.now = AT
    return story.when(c.SaveItem({}, stage="invoice_sent", rows=rows))


EU = m.DetailsTemplate(
    id="eu", title="EU", entity="company", fields=(m.FieldDef(code="vat", title="VAT", type="string"),)
)


def numbered(story: Story, number: int = 7) -> DocumentRequested:
    """Answer the numerator, and return what is asked for then."""
    asked = story.only(ItemAsked)
    assert (asked.question, asked.target) == ("next", Key(TENANT, "numerator", "offer").text)
    story.answer(asked, number=number, at=AT)
    made: DocumentRequested = story.only(DocumentRequested)
    return made


def kept(story: Story, link: str = "") -> Story:
    """Let the notifier keep the text."""
    text = numbered(story)
    return story.answer(text, file=text.file, public_link=link)


def failed(story: Story) -> str:
    """Return the reason of the rule's failure; the next rule runs all the same."""
    assert "CommentAdded" in story.kinds()
    return str(story.only(e.RuleRunFailed).reason)


# --- the normal case -------------------------------------------------------------------------------------------


def test_a_numbered_document_is_made_and_its_pdf_is_not_waited_for() -> None:
    """The text first, then its PDF beside the rules that follow; the PDF is not among the results yet."""
    story = kept(begun(document(), MAIL))
    pdf = story.only(DocumentRequested)
    results = story.state.results

    assert (pdf.form, pdf.run_id, pdf.images) == ("pdf", "", ())
    assert results["doc.document_number"] == "O-2025-0007"
    assert results["doc.file"] == pdf.file
    assert {"doc.pdf_file", "doc.public_link"}.isdisjoint(results)
    assert results["doc.document_id"] == pdf.document_id
    assert "CommentAdded" in story.kinds()
    assert story.answer(pdf, pdf_file=pdf.pdf_file).only(e.EffectAnswered)


def test_the_text_holds_fields_products_and_own_fields() -> None:
    """In Markdown; what values hold is never read as Markdown."""
    text = numbered(begun(document(document_fields=[{"field": "terms", "value": "# {{field:title}}"}]), title="*Desk*"))

    assert text.name.text == "Offer O-2025-0007"
    assert text.text.text == (
        "# Offer O\\-2025\\-0007\n\n\\*Desk\\* for , \\# \\*Desk\\*\n\n\n"
        "| Product | Quantity | Price | Sum |\n| --- | ---: | ---: | ---: |\n"
        "| Desk \\| \\*oak\\* | 1.5 | 2.00 EUR | 3.00 EUR |\n"
        "| **Total** | | | **3.00 EUR** |\n\n"
    )


def test_discounts_have_a_column_and_quantities_a_unit() -> None:
    """Where there is a discount; what a row comes to is rounded once."""
    rows = (
        ProductRow("p", "Desk", 1_500, EUR_2, discount_milli=12_500, unit="m²"),
        ProductRow("q", "Lamp", 1_000, EUR_2, unit="pc*"),
    )
    text = numbered(begun(document(), rows=rows))
    assert text.text.text.endswith(
        "| Product | Quantity | Price | Discount | Sum |\n| --- | ---: | ---: | ---: | ---: |\n"
        "| Desk | 1.5 m² | 2.00 EUR | 12.5 % | 2.63 EUR |\n| Lamp | 1 pc\\* | 2.00 EUR |  | 2.00 EUR |\n"
        "| **Total** | | | | **4.63 EUR** |\n\n"
    )


def test_the_timeline_shows_the_document_with_its_number() -> None:
    """As soon as it has one."""
    story = begun(document())
    text = numbered(story)
    shown = story.only(DocumentCreated)

    assert (shown.number, shown.title.text, shown.template) == ("O-2025-0007", "Offer O-2025-0007", "offer")
    assert (shown.file, shown.pdf_file, shown.created_by) == (text.file, text.pdf_file, "ann")


def test_the_linked_client_is_asked_for_the_fields_that_the_template_inserts() -> None:
    """And for no others; the number is taken afterwards."""
    story = begun(document(), contact="c1")
    asked = story.only(ItemAsked)
    story.answer(asked, name="Ада Łukasz")

    assert (asked.target, asked.question, asked.args) == ("acme/contact/c1", "fields", {"codes": ("name",)})
    assert "Ада Łukasz" in numbered(story).text.text


def test_a_client_that_is_gone_leaves_its_place_empty() -> None:
    """The document is made all the same."""
    story = begun(document(), contact="c1")
    story.answer(story.only(ItemAsked), "failed", "item_not_found")

    assert "Desk for ," in numbered(story).text.text


def test_a_contact_tells_its_fields() -> None:
    """Only those that were asked for, and only set ones."""
    story = Story(deal().book, Key(TENANT, "contact", "c1")).when(c.CreateItem({"name": "Ada", "title": "Ms"}))
    story.when(c.AskItem("e1", "r1", "fields", {"codes": ("name", "comments")}, "acme/deal/1"))

    assert story.only(ItemAnswered).results == {"name": Personal("Ada")}


def test_the_clients_details_stand_in_the_document() -> None:
    """The record of the template's kind, with the address that the template asks for."""
    template = OFFER.model_copy(
        update={
            "text": "{{field:company_details.vat}}, {{field:company_details.address}}",
            "client_details": (ClientDetails(entity_type="company", template="eu", address_type="legal"),),
        }
    )
    story = begun(EU, template, HOME, document(), company="c9", company_details="2")
    asked = story.only(ItemAsked)
    story.answer(asked, vat="LV-9", address=Personal("Elm St 1, Riga"))

    assert (asked.target, asked.question) == ("acme/company/c9", "details_values")
    assert asked.args == {"template": "eu", "address_type": "legal", "chosen": "2"}
    assert numbered(story).text.text == "LV\\-9, Elm St 1, Riga"


# --- parameters ------------------------------------------------------------------------------------------------


def test_the_pdf_is_waited_for_where_asked() -> None:
    """The next rule runs once it is there, and can insert it."""
    story = kept(begun(document(wait_for_pdf=True), MAIL))
    pdf = story.only(DocumentRequested)
    assert (pdf.form, bool(pdf.run_id), "CommentAdded" in story.kinds()) == ("pdf", True, False)
    story.answer(pdf, pdf_file=pdf.pdf_file)

    assert story.state.results["doc.pdf_file"] == pdf.pdf_file
    assert "CommentAdded" in story.kinds()


def test_a_public_link_is_handed_on() -> None:
    """The notifier makes it, as it knows the secret."""
    story = begun(document(create_public_link=True), MAIL)
    assert kept(story, "https://x/files/t").state.results["doc.public_link"] == "https://x/files/t"
    assert story.only(e.CommentAdded).text.text == "See https://x/files/t"
    assert story.only(DocumentRequested).public_link


def test_signature_and_stamp_of_the_own_company_go_below_the_text() -> None:
    """The images are files of the drive."""
    pdf = kept(begun(document(with_signature_and_stamp=True))).only(DocumentRequested)

    assert pdf.images == (IMAGE, STAMP)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "Acme AG CHE\\-1 CH93"),
        ({"my_company_details": "de", "my_company_bank_details": "b2"}, "Acme AG DE\\-2 DE89"),
        ({"my_company": "abroad"}, "Acme Ltd  "),
    ],
    ids=["default", "named", "other company"],
)
def test_who_issues(params: dict[str, str], text: str) -> None:
    """The default own company with its first records, unless others are named."""
    issued = "{{field:my_company.title}} {{field:my_details.vat}} {{field:my_bank.iban}}"
    template = OFFER.model_copy(update={"text": issued})

    assert numbered(begun(template, HOME, ABROAD, document(**params))).text.text == text


def test_without_any_own_company_its_places_are_empty() -> None:
    """Nothing has to be set up for a document without an issuer."""
    template = OFFER.model_copy(update={"text": "From {{field:my_company.title}}."})

    assert numbered(begun(template, document())).text.text == "From ."


# --- numbers ---------------------------------------------------------------------------------------------------


def test_a_numerator_counts_without_gaps_and_without_repeats() -> None:
    """Whoever asks, and however often the same request arrives."""
    story, taken = record("numerator", "offer"), []
    for effect in ("e1", "e2", "e1", "e3"):
        story.when(c.AskItem(effect, "r", "next", {}, "acme/deal/1"), change_id=effect)
        taken += [event.results["number"] for event in story.events if isinstance(event, ItemAnswered)]

    assert taken == [1, 2, 3]


def test_templates_may_share_a_numerator_and_begin_anew_each_year() -> None:
    """The sequence's id says which it is."""
    template = OFFER.model_copy(update={"numerator": "papers", "restart": "yearly"})
    asked = begun(template, HOME, document()).only(ItemAsked)

    assert asked.target == "acme/numerator/papers.2025"


# --- what goes wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ((OFFER, document(with_signature_and_stamp=True)), "signature_not_configured"),
        ((OFFER, HOME.model_copy(update={"stamp": ""}), document(with_signature_and_stamp=True)),
         "signature_not_configured"),
        ((OFFER, HOME, document(my_company="gone")), "invalid_value:my_company"),
        ((OFFER, HOME, document(my_company_details="gone")), "invalid_value:my_company_details"),
        ((OFFER, HOME, document(my_company_bank_details="gone")), "invalid_value:my_company_bank_details"),
        ((OFFER, document(template="gone", document_fields=[])), "invalid_value:template"),
        ((OFFER.model_copy(update={"item_types": ("lead",)}), document()), "invalid_value:template"),
        ((OFFER.model_copy(update={"text": "{{field:gone}}"}), document()), "invalid_value:template"),
        ((OFFER, document(template="{{field:title}}", document_fields=[])), "invalid_value:template"),
    ],
    ids=["no company", "no stamp", "company", "details", "bank", "template", "type", "field", "inserted"],
)  # fmt: skip
def test_what_cannot_be_made_takes_no_number(made: tuple[m.Definition, ...], reason: str) -> None:
    """The step fails before the numerator is asked, and the next rule runs."""
    story = begun(*made, MAIL)

    assert failed(story) == reason
    assert "ItemAsked" not in story.kinds()


def test_a_template_that_is_required_and_empty() -> None:
    """An empty field names no template."""
    assert failed(begun(document(template="{{field:comments}}", document_fields=[]), MAIL)) == "missing_value:template"


def test_a_document_that_is_too_long_takes_no_number() -> None:
    """Values make it so at run time."""
    assert failed(begun(document(), MAIL, title="x" * 200_001)) == "item_too_large"


@pytest.mark.parametrize("reason", ["delivery", "pdf_conversion", "delivery_unknown"])
def test_a_conversion_that_fails_while_waited_for(reason: str) -> None:
    """The step fails, the document is kept: it stands in the timeline, with its number."""
    story = kept(begun(document(wait_for_pdf=True), MAIL))
    story.answer(story.only(DocumentRequested), "failed", reason)

    assert failed(story) == "pdf_conversion"


def test_a_conversion_is_waited_for_ten_minutes() -> None:
    """However long other calls of a rule may take."""
    story = kept(begun(document(wait_for_pdf=True), MAIL))
    began = story.now
    story.wake()

    assert (failed(story), story.now - began) == ("pdf_conversion", 600_000)


def test_a_text_that_cannot_be_kept_fails_the_step() -> None:
    """With the notifier's code; the number stays taken by the document in the timeline."""
    story = begun(document(), MAIL)
    text = numbered(story)
    story.answer(text, "failed", "delivery")

    assert failed(story) == "delivery"


def test_a_numerator_that_does_not_answer_fails_the_step() -> None:
    """After the usual deadline."""
    assert failed(begun(document(), MAIL).wake()) == "delivery_unknown"


def test_a_repeated_answer_has_no_second_effect() -> None:
    """The same outcome twice leaves one document."""
    story = begun(document())
    asked = story.only(ItemAsked)
    frame = story.frame(actor="system", source="system")
    outcome = c.ReportOutcome(asked.effect_id, asked.run_id, "completed", "", {"number": 1, "at": AT})

    assert "DocumentCreated" in story.repeat(frame, outcome).kinds()
    assert story.repeat(frame, outcome).kinds() == []


# --- what saving refuses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (OFFER.model_copy(update={"text": "{{field:gone}}"}), "text"),
        (OFFER.model_copy(update={"text": "{{field:contact.gone}}"}), "text"),
        (OFFER.model_copy(update={"text": "{{result:link.payment_link}}"}), "text"),
        (OFFER.model_copy(update={"item_types": ("spaceship",)}), "item_types[0]"),
        (
            OFFER.model_copy(update={"client_details": (ClientDetails(entity_type="contact", template="gone"),)}),
            "client_details[0].template",
        ),
        (HOME.model_copy(update={"signature": "mine.png"}), "signature"),
        (document(document_fields=[{"field": "colour", "value": "red"}]), "params.document_fields[0]"),
        (document(template="{{field:title}}"), "params.document_fields[0]"),
        (document(template=None, document_fields=[]), "params.template"),
    ],
)
def test_what_saving_refuses(made: m.Definition, path: str) -> None:
    """Insertions, types, files and fields that there are not."""
    base = {(kind_of(one), one.id): one for one in (pipeline(), *PEOPLE, OFFER, HOME)}  # type: ignore[attr-defined]
    name = (kind_of(made), made.id)  # type: ignore[attr-defined]
    found = check(CATALOGUE, TENANT, {k: v for k, v in base.items() if k != name}, {name: made})

    assert path in [flaw.path for flaw in found.errors]


@pytest.mark.parametrize("number_format", ["none", "{count}", "{number} {", "{year}"])
def test_a_number_format_holds_the_number(number_format: str) -> None:
    """And nothing that is unknown."""
    with pytest.raises(ValueError, match="number_format"):
        DocumentTemplate(id="x", title="X", item_types=("deal",), text="x", number_format=number_format)
