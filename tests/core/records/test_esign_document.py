"""E-signature documents: draft, sent, then signed, declined or expired (spec 3.1.2)."""

from __future__ import annotations

import pytest

from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import effects
from automation.items.parts import Link, ProductRow
from automation.records.types.esign_document import events as e
from automation.records.types.esign_document.changes import RecordDecline, RecordSignature, SendEsignDocument
from automation.values import Money, Personal
from tests.core.record_spec import RecordStory, record
from tests.core.spec import DEAL

ROWS = (ProductRow("p1", "Chair", 2_000, Money(500, "EUR")),)
ASKED = c.RequestItem(
    "e1", "run-1", DEAL.text, {"title": "Desk", "amount": Money(1_000, "EUR"), "contact": "c1"},
    responsible="ann", rows=ROWS, links=(Link("deal", "1", "source"),),
)  # fmt: skip
LATER = 100_000


def draft() -> RecordStory:
    """Return a document that a rule of the deal asked for."""
    return record("esign_document").when(ASKED, change_id="e1", source="automation_rule")


def sent(expires_at: int = 0) -> RecordStory:
    """Return a document that waits for its signature."""
    return draft().when(SendEsignDocument(expires_at))


def test_a_draft_holds_what_it_was_made_from_links_back_and_answers() -> None:
    """Products, amount and client; the deal is asked to link it."""
    story = draft()

    made = story.only(e.EsignDocumentCreated)
    assert (made.title, made.amount, made.contact, made.rows) == (
        Personal("Desk"), Money(1_000, "EUR"), "c1", ROWS,
    )  # fmt: skip
    back = story.only(effects.ItemAsked)
    assert (back.target, back.question, back.args["item_type"]) == (DEAL.text, "link", "esign_document")
    assert story.told == ("completed", "")
    assert story.body.status == "draft"


def test_the_same_request_makes_nothing_twice() -> None:
    """Under another change id, too."""
    assert draft().when(ASKED).kinds() == ["ItemAnswered"]


@pytest.mark.parametrize(
    ("change", "status"), [(RecordSignature(), "signed"), (RecordDecline(Personal("Too dear")), "declined")]
)
def test_a_sent_document_is_signed_or_declined(change: object, status: str) -> None:
    """And then it stays so."""
    story = sent().when(change)  # type: ignore[arg-type]

    assert story.body.status == status
    with pytest.raises(ChangeRefusedError, match="wrong_status"):
        story.when(RecordSignature())  # type: ignore[arg-type]


def test_a_sent_document_expires() -> None:
    """At the moment given when it was sent."""
    story = sent(LATER).wake()

    assert (story.kinds(), story.body.status, story.now) == (["EsignDocumentExpired"], "expired", LATER)


def test_a_signed_document_does_not_expire() -> None:
    """Nothing wakes it."""
    story = sent(LATER).when(RecordSignature())  # type: ignore[arg-type]

    assert list(story.record.timers(story.body)) == []


@pytest.mark.parametrize(
    ("story", "change", "reason"),
    [
        (draft, RecordSignature(), "wrong_status"),
        (draft, RecordDecline(), "wrong_status"),
        (sent, SendEsignDocument(), "wrong_status"),
        (draft, SendEsignDocument(5), "invalid_value"),
        (lambda: record("esign_document"), SendEsignDocument(), "unknown_item"),
    ],
)
def test_what_does_not_fit_its_status_is_refused(story: object, change: object, reason: str) -> None:
    """A draft is sent once; only what was sent is signed."""
    with pytest.raises(ChangeRefusedError) as refused:
        story().when(change)  # type: ignore[operator]
    assert refused.value.reason == reason
