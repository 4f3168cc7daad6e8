"""The rule `add_feed_post` (spec 3.2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAsked
from automation.values import Money
from tests.core.spec import TENANT, Story, deal, flaws, rule

PHOTOS = m.Fields(item_type="deal", fields=(m.FieldDef(code="photos", title="Photos", type="file", multiple=True),))
GIVEN: dict[str, Any] = {"text": "{{field:title}} for {{field:amount}} is won", "recipients": ["department:sales"]}
PHOTO = "{{field:photos}}"
BIG = [{"field": "amount", "op": "gt", "value": {"minor": 1_000_000, "currency": "EUR"}}]


def posted(*more: m.Definition, fields: dict[str, Any] | None = None, **params: Any) -> Story:
    """Return a deal that was won, whose rule posts."""
    given = {"title": "Desk", "amount": Money(2_000_000, "EUR"), **(fields or {})}
    made = deal(PHOTOS, rule("post", "add_feed_post", "won", {**GIVEN, **params}), *more, **given)
    return made.when(c.SaveItem({}, stage="won"))


def test_the_responsible_posts_to_everyone_named() -> None:
    """Each recipient once, dismissed ones dropped; without files and tag unless given."""
    asked = posted(recipients=["department:sales", "user:ann", "role:responsible"]).only(ItemAsked)

    assert (asked.target, asked.question) == (f"{TENANT}/feed_post/{asked.effect_id}", "add_feed_post")
    assert asked.args == {
        "author": "ann", "recipients": ("ann", "boss"), "subject": "", "text": "Desk for 20000.00 EUR is won",
        "tag": "", "attachments": (), "item": "deal/1",
    }  # fmt: skip


def test_sender_subject_and_tag_are_chosen() -> None:
    """The sender is one user; subject and tag take inserted values."""
    args = posted(sender="user:boss", subject="{{field:title}} won", tag="deal {{field:title}}").only(ItemAsked).args

    assert (args["author"], args["subject"], args["tag"]) == ("boss", "Desk won", "deal Desk")


@pytest.mark.parametrize("photos", [("f1", "f2"), ()])
def test_files_come_from_a_field_of_the_item(photos: tuple[str, ...]) -> None:
    """An empty field means a post without files."""
    story = posted(fields={"photos": photos or None}, attachment_type="item_files", attachments=["{{field:photos}}"])

    assert story.only(ItemAsked).args["attachments"] == photos


def test_files_come_from_the_drive() -> None:
    """By their ids."""
    story = posted(attachment_type="drive", attachments=["file-1", "file-2"])

    assert story.only(ItemAsked).args["attachments"] == ("file-1", "file-2")


def test_the_posts_id_is_the_result() -> None:
    """It is that of the call; nothing stands in the timeline."""
    story = posted()
    asked = story.only(ItemAsked)
    story.answer(asked, post_id=asked.effect_id)

    assert story.kinds() == ["EffectAnswered", "RuleRunCompleted"]
    assert story.only(e.RuleRunCompleted).results == {"post_id": asked.effect_id}


def test_nobody_to_read_it() -> None:
    """Spec 1.10."""
    assert posted(recipients=["user:old"]).only(e.RuleRunFailed).reason == "no_recipient"


def test_what_the_feed_answers_is_the_outcome() -> None:
    """Here no answer came in time."""
    story = posted()
    story.answer(story.only(ItemAsked), "failed", "delivery_unknown")

    assert story.only(e.RuleRunFailed).reason == "delivery_unknown"


def test_only_large_deals_are_celebrated() -> None:
    """Above 10,000 EUR, by the rule's condition."""
    made = rule("post", "add_feed_post", "won", GIVEN, condition={"all": BIG})
    for minor, ended in ((1_000_000, "RuleRunSkipped"), (1_000_001, "RuleRunStarted")):
        story = deal(made, amount=Money(minor, "EUR")).when(c.SaveItem({}, stage="won"))
        assert story.kinds()[1] == ended


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"recipients": ["user:ann"]}, "params.text"),
        ({"text": "x"}, "params.recipients"),
        ({**GIVEN, "attachment_type": "item_files"}, "params.attachments"),
        ({**GIVEN, "attachments": ["{{field:photos}}"]}, "params.attachment_type"),
        (
            {**GIVEN, "attachment_type": "item_files", "attachments": ["{{field:photos}}", "f1"]},
            "params.attachments[1]",
        ),
        ({**GIVEN, "attachment_type": "drive", "attachments": ["f1", "{{field:photos}}"]}, "params.attachments[1]"),
        ({**GIVEN, "attachment_type": "document_files", "attachments": ["f1"]}, "params.attachment_type"),
        ({**GIVEN, "sender": "department:sales"}, "params.sender"),
    ],
)
def test_saving_refuses(params: dict[str, Any], path: str) -> None:
    """What is missing, both kinds of files in one rule, and a sender who is not one user."""
    assert path in flaws("add_feed_post", params, PHOTOS)
