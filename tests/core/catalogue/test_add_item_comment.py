"""The rule `add_item_comment` (spec 3.2.2): the comment, its author, its BBCode."""

from __future__ import annotations

from typing import Any

from automation.items import changes as c
from automation.items import events as e
from automation.values import Money, Personal
from tests.core.spec import Story, deal, flaws, rule


def commented(text: str, fields: dict[str, Any] | None = None, **params: Any) -> Story:
    """Return a deal that has just reached the stage of the rule."""
    made = rule("note", "add_item_comment", "assembly", {"text": text, **params})
    return deal(made, **(fields or {})).when(c.SaveItem({}, stage="assembly"))


def test_the_comment_stands_in_the_timeline_by_the_responsible() -> None:
    """With the values of the fields as they are, and its id as the result."""
    story = commented("{{field:title}} for {{field:amount}}", {"amount": Money(90_00, "EUR")})
    comment = story.only(e.CommentAdded)

    assert (comment.text, comment.created_by) == (Personal("Desk for 90.00 EUR"), "ann")
    assert story.only(e.RuleRunCompleted).results == {"comment_id": comment.comment_id}


def test_a_later_rule_of_the_stage_may_insert_the_id() -> None:
    """`comment_id` is published for the rules after it."""
    first = rule("note", "add_item_comment", "assembly", {"text": "one"}, order=1)
    second = rule("next", "add_item_comment", "assembly", {"text": "after {{result:note.comment_id}}"}, order=2)
    story = deal(first, second).when(c.SaveItem({}, stage="assembly"))
    one, two = [event for event in story.events if isinstance(event, e.CommentAdded)]

    assert two.text == Personal(f"after {one.comment_id}")


def test_somebody_else_may_be_the_author() -> None:
    """A user or a role of one; whoever is dismissed gives way to the responsible."""
    assert commented("x", created_by="user:boss").only(e.CommentAdded).created_by == "boss"
    assert commented("x", created_by="role:responsible_supervisor").only(e.CommentAdded).created_by == "boss"
    assert commented("x", created_by="user:old").only(e.CommentAdded).created_by == "ann"


def test_brackets_of_values_are_no_bbcode() -> None:
    """What the author wrote is markup, what is inserted is text (spec 1.9)."""
    text = (
        commented("[b]{{field:title}}[/b]", {"title": "[url=https://evil.test]x[/url]"}).only(e.CommentAdded).text.text
    )

    assert text.startswith("[b]")
    assert text.endswith("[/b]")
    assert "[url" not in text


def test_each_entry_of_the_stage_comments_once() -> None:
    """Coming back is a new entry; a repeat of the change is none."""
    story = commented("x")
    first = story.only(e.CommentAdded).comment_id
    story.when(c.SaveItem({}, stage="new"))
    frame = story.frame()
    again = story.repeat(frame, c.SaveItem({}, stage="assembly")).only(e.CommentAdded).comment_id

    assert first != again
    assert "CommentAdded" not in story.repeat(frame, c.SaveItem({}, stage="assembly")).kinds()


def test_a_text_that_is_empty_when_it_runs_is_missing() -> None:
    """The inserted field has no value."""
    assert commented("{{field:comments}}").only(e.RuleRunFailed).reason == "missing_value:text"


def test_a_text_has_to_be_given() -> None:
    """The missing one is named when the rule is saved."""
    assert flaws("add_item_comment", {}) == {"params.text"}
