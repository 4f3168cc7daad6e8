"""The action `bp_create_crm_document` (spec 4.21); what it shares with the rule is tested there."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions.document_models import DocumentField, DocumentTemplate, OwnCompany
from automation.envelope import Key
from automation.items import changes as c
from automation.items.document_effects import DocumentRequested
from automation.items.document_events import DocumentCreated
from automation.items.effects import ItemAsked
from automation.items.process_events import ProcessEnded, StepCompleted, StepFailed
from services.history.timeline import timeline_entry
from tests.core.catalogue.making_world import refused
from tests.core.spec import PEOPLE, TENANT, Story, action, book_of, deal, put, template

TYPE = "bp_create_crm_document"
AT = 1_767_200_000_000  # 2025-12-31 in UTC
TEN_MINUTES = 600_000
OFFER = DocumentTemplate(
    id="offer", title="Offer", item_types=("deal", "contact"), fields=(DocumentField(code="terms"),),
    text="{{field:title}} {{field:name}} {{field:document.terms}}\n", number_format="O-{number:4}",
)  # fmt: skip
HOME = OwnCompany(id="home", title="Acme AG", default=True)


def begun(**params: Any) -> Story:
    """Return a deal with a process that makes an offer and then gives a task."""
    task = action("create_task", "task", title="Send {{result:doc.document_number}}: {{result:doc.pdf_file}}")
    story = deal(OFFER, HOME, template(action(TYPE, "doc", template="offer", **params), task))
    story.now = AT
    return story.begin()


def kept(story: Story) -> Story:
    """Answer the numerator, and let the notifier keep the text."""
    story.answer(story.only(ItemAsked), number=7, at=AT)
    text = story.only(DocumentRequested)
    return story.answer(text, file=text.file, public_link="https://x.test/d")


def task_of(story: Story) -> Any:
    """Return the title of the task that the next step asks for."""
    return story.only(ItemAsked).args["title"]


def test_the_pdf_is_not_waited_for_unless_asked() -> None:
    """The step ends with the text; the result of the PDF is empty."""
    story = kept(begun())

    done = story.only(StepCompleted)
    assert done.results.keys() == {"document_id", "document_number", "file", "public_link"}
    assert (story.only(DocumentRequested).run_id, task_of(story)) == ("", "Send O-0007: ")


def test_the_step_waits_for_the_pdf() -> None:
    """And hands its file on."""
    story = kept(begun(wait_for_pdf=True))
    pdf = story.only(DocumentRequested)
    assert (pdf.form, bool(pdf.run_id)) == ("pdf", True)

    story.answer(pdf, pdf_file=pdf.pdf_file)
    assert story.only(StepCompleted).results["pdf_file"] == pdf.pdf_file
    assert task_of(story) == f"Send O-0007: {pdf.pdf_file}"


def test_a_conversion_that_fails() -> None:
    """The step has failed, the document stays, and the process goes on."""
    story = kept(begun(wait_for_pdf=True))
    story.answer(story.only(DocumentRequested), "failed", "delivery")

    assert story.only(StepFailed).reason == "pdf_conversion"
    assert task_of(story) == "Send : "


def test_a_conversion_that_takes_longer_than_ten_minutes() -> None:
    """It is waited for so long and no longer; what comes later goes no further."""
    story = kept(begun(wait_for_pdf=True))
    pdf, before = story.only(DocumentRequested), story.now
    story.wake()

    assert (story.now - before, story.only(StepFailed).reason) == (TEN_MINUTES, "pdf_conversion")
    assert "StepCompleted" not in story.answer(pdf, pdf_file=pdf.pdf_file).kinds()


def test_the_timeline_tells_of_the_document() -> None:
    """Once, whatever becomes of its PDF."""
    story = begun()
    story.answer(story.only(ItemAsked), number=7, at=AT)
    (made,) = [recorded for recorded in story.last.events if isinstance(recorded.event, DocumentCreated)]
    entry = timeline_entry(made)

    assert entry is not None
    assert (made.envelope.source, made.event.created_by) == ("business_process", "ann")


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"with_signature_and_stamp": True}, "signature_not_configured"),
        ({"my_company": "moon"}, "invalid_value:my_company"),
        ({"template": "moon"}, "invalid_value:template"),
    ],
)
def test_what_cannot_be_made(params: dict[str, Any], reason: str) -> None:
    """It takes no number."""
    story = deal(OFFER, HOME).run(TYPE, **{"template": "offer", **params})

    assert story.only(StepFailed).reason == reason
    assert story.only(ProcessEnded).outcome == "completed"
    assert not [event for event in story.events if isinstance(event, ItemAsked)]


def test_a_document_of_a_contact() -> None:
    """Every item of the CRM may have documents; the contact's own name is its field."""
    key = Key(TENANT, "contact", "c1")
    story = Story(book_of(*PEOPLE, OFFER, HOME), key).when(c.CreateItem({"title": "Dr", "name": "Clara"}))
    put(story.book, template(action(TYPE, template="offer"), item_type="contact"))
    story.begin()
    story.answer(story.only(ItemAsked), number=1, at=AT)

    assert story.only(DocumentRequested).text.text == "Dr Clara \n"


def test_what_saving_refuses() -> None:
    """A field that the template does not have."""
    good = {"template": "offer", "document_fields": [{"field": "terms", "value": "30 days"}]}

    assert refused(TYPE, good, also=[OFFER]) == set()
    assert refused(TYPE, {**good, "document_fields": [{"field": "moon", "value": ""}]}, also=[OFFER]) != set()
    assert refused(TYPE, {}) == {"template"}
