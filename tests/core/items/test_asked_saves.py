"""The question `save`: what one item asks another to save (spec 4.11, 4.12, 4.26)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import asked_saves
from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from automation.items.effects import ItemAnswered
from automation.values import Value
from tests.core.spec import DEAL, Story, action, deal, rule, template

FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="words", title="Words", type="string", multiple=True),
        m.FieldDef(code="day", title="Day", type="date"),
    ),
)


def asked(story: Story, fields: dict[str, Value], **more: Any) -> Story:
    """Let a process of another item ask for a save."""
    question = c.AskItem("effect-1", "run-1", asked_saves.QUESTION, asked_saves.arguments(fields, **more), DEAL.text)
    return story.when(question, change_id="effect-1", actor="process:p", source="business_process")


def told(story: Story) -> tuple[str, str]:
    """Return status and reason of the answer."""
    answer = story.only(ItemAnswered)
    return answer.status, answer.reason


def test_one_save_of_several_fields() -> None:
    """All fields are one event of the journal, by the process, on behalf of whom it names; an empty value clears."""
    story = asked(deal(FIELDS, day="2026-01-02"), {"title": "Chair", "day": ""}, author="boss")
    (changed,) = [one for one in story.last.events if isinstance(one.event, e.FieldsChanged)]

    assert [(row.code, row.old, row.new) for row in changed.event.changes] == [
        ("title", "Desk", "Chair"),
        ("day", "2026-01-02", None),
    ]
    assert (changed.envelope.actor, changed.envelope.on_behalf_of) == ("process:p", "boss")
    assert told(story) == ("completed", "")


def test_nothing_new() -> None:
    """A save of what stands there already is answered, and is no change."""
    story = asked(deal(), {"title": "Desk"})

    assert "FieldsChanged" not in story.kinds()
    assert told(story) == ("completed", "")


@pytest.mark.parametrize(("fields", "field"), [({"day": "soon"}, "day"), ({"gone": "x"}, "gone")])
def test_a_value_that_does_not_fit(fields: dict[str, Value], field: str) -> None:
    """The field is named, and nothing is saved."""
    story = asked(deal(FIELDS), {"title": "Chair", **fields}, stage="assembly")

    assert told(story) == ("failed", f"invalid_value:{field}")
    assert (story.state.fields["title"], story.state.stage) == ("Desk", "new")


def test_values_are_appended() -> None:
    """Multiple fields keep what they hold, each value once; single fields are overwritten."""
    story = asked(deal(FIELDS, words=("a", "b")), {"words": ("b", "c"), "title": "Chair"}, append_multiple=True)

    assert story.state.fields["words"] == ("a", "b", "c")
    assert story.state.fields["title"] == "Chair"


def test_values_are_overwritten() -> None:
    """Without appending the list is replaced."""
    assert asked(deal(FIELDS, words=("a",)), {"words": ("c",)}).state.fields["words"] == ("c",)


def test_a_stage_is_entered() -> None:
    """The stage is an automated entry: its rules run on the new values, and no process starts."""
    told_of = rule("note", "add_item_comment", "assembly", {"text": "{{field:title}}"})
    starts = template(action("bp_wait", interval_days=1), autostart_on_change=True)
    story = asked(deal(told_of, starts), {"title": "Chair"}, stage="assembly")

    assert story.only(e.StageMoved).automated
    assert story.only(e.CommentAdded).text.text == "Chair"
    assert not [one for one in story.events if isinstance(one, p.ProcessStarted)]


def test_an_unknown_stage() -> None:
    """The stage is what does not fit."""
    assert told(asked(deal(), {"title": "Chair"}, stage="nowhere")) == ("failed", "invalid_value:stage")


def test_the_loop_guard() -> None:
    """A stage entry that would be one too many of its chain is refused with the save (spec 6.1)."""
    question = c.AskItem("e", "run-1", "save", asked_saves.arguments({}, stage="assembly"), DEAL.text)
    story = deal().when(question, change_id="e", actor="process:p", source="business_process", depth=50)

    assert told(story) == ("failed", "loop_detected")
    assert story.state.stage == "new"
