"""The action `bp_add_comment` (spec 4.5): the comment of `add_item_comment`, as a step of a process."""

from __future__ import annotations

from automation.items import events as e
from automation.items import process_events as p
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.spec import deal


def test_the_comment_stands_in_the_timeline_by_the_responsible() -> None:
    """With its id as the result, and the process as its origin."""
    story = deal().run("bp_add_comment", comment="[b]{{field:title}}[/b]")
    comment = story.only(e.CommentAdded)
    (recorded,) = [one for one in story.last.events if one.event is comment]

    assert (comment.text, comment.created_by) == (Personal("[b]Desk[/b]"), "ann")
    assert story.only(p.StepCompleted).results == {"comment_id": comment.comment_id}
    shown = timeline_entry(recorded)
    assert shown is not None
    assert (shown.kind, shown.actor) == ("comment", "process:run-1")


def test_somebody_else_may_be_the_author() -> None:
    """A user or a role of one; whoever is dismissed gives way to the responsible."""
    assert deal().run("bp_add_comment", comment="x", created_by="user:boss").only(e.CommentAdded).created_by == "boss"
    assert deal().run("bp_add_comment", comment="x", created_by="user:old").only(e.CommentAdded).created_by == "ann"


def test_a_text_that_is_empty_when_it_runs_is_missing() -> None:
    """And the process goes on."""
    story = deal().run("bp_add_comment", comment="{{field:comments}}")
    assert story.only(p.StepFailed).reason == "missing_value:comment"
    assert story.only(p.ProcessEnded).outcome == "completed"


def test_each_step_comments_once() -> None:
    """Two runs make two comments; a repeat of the start makes none."""
    story = deal().run("bp_add_comment", comment="x")
    first = story.only(e.CommentAdded).comment_id
    assert story.run("bp_add_comment", comment="x").only(e.CommentAdded).comment_id != first
