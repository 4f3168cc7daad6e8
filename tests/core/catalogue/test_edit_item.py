"""The rule `edit_item` (spec 3.3, 1.9, 4.11, 6.4)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import events as e
from automation.items.parts import FieldChange
from automation.values import Money, Personal
from services.history.timeline import journal_entries
from tests.core.spec import Story, deal, flaws, put, rule, trigger

FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="chat", title="Chat ID", type="string"),
        m.FieldDef(code="number", title="Number", type="int"),
        m.FieldDef(code="sure", title="Sure", type="bool"),
        m.FieldDef(code="day", title="Day", type="date"),
        m.FieldDef(code="at", title="At", type="datetime"),
        m.FieldDef(code="tags", title="Tags", type="list", multiple=True, options=("a", "b", "c")),
        m.FieldDef(code="words", title="Words", type="string", multiple=True),
        m.FieldDef(code="team", title="Team", type="user", multiple=True),
        m.FieldDef(code="lead_by", title="Led by", type="user"),
        m.FieldDef(code="colour", title="Colour", type="list", options=("red", "blue")),
    ),
)


def edit(fields: dict[str, Any] | list[tuple[str, Any]], **more: Any) -> m.Rule:
    """Return the rule on the stage of assembly."""
    pairs = fields.items() if isinstance(fields, dict) else fields
    rows = [{"field": code, "value": value} for code, value in pairs]
    return rule("edit", "edit_item", "assembly", {"fields": rows, **more})


def story(made: m.Rule, *more: m.Definition, **fields: Any) -> Story:
    """Return a deal that has just reached the stage."""
    return deal(FIELDS, made, *more, **fields).when(c.SaveItem({}, stage="assembly"))


@pytest.mark.parametrize(
    ("code", "given", "kept"),
    [
        ("chat", "chat {{field:title}}", "chat Desk"),
        ("chat", "{{field:number}}", "7"),
        ("number", "{{field:number}}", 7),
        ("number", 8, 8),
        ("sure", True, True),
        ("day", "2026-12-01", "2026-12-01"),
        ("day", "{{field:at}}", "2026-11-19"),
        ("at", "{{field:at}}", 1_795_082_400_000),
        ("amount", "{{field:amount}}", Money(5, "EUR")),
        ("tags", ["a", "b"], ("a", "b")),
        ("tags", "a", ("a",)),
        ("words", "{{field:title}}", ("Desk",)),
        ("team", ["ann", "boss"], ("ann", "boss")),
        ("team", "{{field:observers}}", ("boss",)),
        ("lead_by", "{{field:responsible}}", "ann"),
        ("colour", "red", "red"),
        ("email_work", "{{field:title}}@x.test", Personal("Desk@x.test")),
        ("chat", "{{field:email_home}}", "home@x.test"),
    ],
)
def test_a_value_is_typed_or_inserted_in_the_fields_own_type(code: str, given: Any, kept: Any) -> None:
    """Whatever the type; a multiple field takes one value or several."""
    told = deal(
        FIELDS, edit({code: given}), number=7, at=1_795_082_400_000, email_home="home@x.test", amount=Money(5, "EUR")
    )
    told.when(c.SaveItem({}, observers=("boss",))).when(c.SaveItem({"amount": None}, stage="new"))
    told.when(c.SaveItem({"amount": Money(5, "EUR")}, stage="assembly"))

    assert told.only(e.RuleRunCompleted)
    found = told.state.fields[code]
    assert (found.text if isinstance(found, Personal) and code == "chat" else found) == kept


def test_several_fields_change_in_one_step_and_stand_in_the_history() -> None:
    """One event, with the values before and after."""
    told = story(edit({"chat": "x", "number": 2}), number=1)
    changed = told.only(e.FieldsChanged)

    assert changed.changes == (FieldChange("chat", None, "x"), FieldChange("number", 1, 2))
    recorded = next(recorded for recorded in told.last.events if recorded.event is changed)
    assert [(entry.field, entry.old, entry.new) for entry in journal_entries(recorded)] == [
        ("chat", None, "x"), ("number", 1, 2),
    ]  # fmt: skip
    assert (recorded.envelope.actor, recorded.envelope.source) == ("rule:edit", "automation_rule")


def test_the_result_of_an_earlier_rule_is_kept_in_a_field() -> None:
    """The way to a later stage (spec 1.7)."""
    note = rule("note", "add_item_comment", "assembly", {"text": "x"})
    told = story(edit({"chat": "{{result:note.comment_id}}"}).model_copy(update={"order": 1}), note)

    assert told.state.fields["chat"] == told.only(e.CommentAdded).comment_id


def test_what_stays_as_it_is_is_no_change() -> None:
    """The rule has done its work."""
    assert story(edit({"number": 1}), number=1).kinds() == ["StageMoved", "RuleRunCompleted"]


def test_an_empty_value_clears_the_field() -> None:
    """Single or multiple."""
    told = story(edit({"number": "{{field:comments}}", "words": "{{field:comments}}"}), number=1, words=("a",))

    assert told.only(e.FieldsChanged).changes == (FieldChange("number", 1, None), FieldChange("words", ("a",), None))


def test_a_multiple_field_is_overwritten_unless_values_are_to_be_added() -> None:
    """`append_multiple` adds behind what is there, and no duplicates."""
    assert story(edit({"words": ["b", "c"]}), words=("a", "b")).state.fields["words"] == ("b", "c")

    added = edit({"words": ["b", "c", "c"]}, append_multiple=True)
    assert story(added, words=("a", "b")).state.fields["words"] == ("a", "b", "c")
    assert story(added).state.fields["words"] == ("b", "c")


def test_adding_nothing_changes_nothing() -> None:
    """An empty inserted value, or one that is there."""
    for value in ("{{field:comments}}", "a"):
        told = story(edit({"words": value}, append_multiple=True), words=("a",))
        assert told.kinds() == ["StageMoved", "RuleRunCompleted"]


def test_adding_leaves_single_fields_to_be_replaced() -> None:
    """Spec 4.11."""
    assert story(edit({"chat": "new"}, append_multiple=True), chat="old").state.fields["chat"] == "new"


def test_a_field_that_stands_twice_takes_both_values() -> None:
    """Added one after the other; without adding, the last one stands."""
    rows = [("words", "a"), ("words", "b")]
    assert story(edit(rows, append_multiple=True)).state.fields["words"] == ("a", "b")
    assert story(edit(rows)).state.fields["words"] == ("b",)


@pytest.mark.parametrize(
    ("given", "author"),
    [
        ({}, "ann"),
        ({"on_behalf_of": "user:boss"}, "boss"),
        ({"on_behalf_of": "role:responsible_supervisor"}, "boss"),
        ({"on_behalf_of": "{{field:lead_by}}"}, "boss"),
        ({"on_behalf_of": "user:old"}, "ann"),
    ],
)
def test_the_author_is_the_responsible_or_who_is_named(given: dict[str, Any], author: str) -> None:
    """Author and origin are both recorded (spec 6.4); who was dismissed acts for nobody."""
    told = story(edit({"number": 1}, **given), lead_by="boss")
    recorded = next(recorded for recorded in told.last.events if isinstance(recorded.event, e.FieldsChanged))

    assert (recorded.envelope.on_behalf_of, recorded.envelope.actor) == (author, "rule:edit")


def test_the_next_rule_acts_for_the_responsible_again() -> None:
    """An author holds for one rule."""
    note = rule("note", "add_item_comment", "assembly", {"text": "x"}, order=1)
    told = story(edit({"number": 1}, on_behalf_of="user:boss"), note)

    assert [recorded.envelope.on_behalf_of for recorded in told.last.events[-2:]] == ["ann", "ann"]


def test_without_a_responsible_the_system_acts() -> None:
    """Spec 6.4."""
    told = deal(FIELDS, edit({"number": 1})).when(c.SaveItem({}, responsible=""))
    told.when(c.SaveItem({}, stage="assembly"))
    assert told.last.events[-1].envelope.on_behalf_of == "system"


@pytest.mark.parametrize(
    ("code", "given", "fields"),
    [
        ("number", "{{field:title}}", {}),
        ("tags", "{{field:title}}", {}),
        ("colour", "{{field:title}}", {}),
        ("lead_by", "{{field:team}}", {"team": ("ann", "boss")}),
        ("day", "{{field:title}}", {}),
    ],
)
def test_an_inserted_value_that_does_not_fit_fails(code: str, given: str, fields: dict[str, Any]) -> None:
    """Another type, none of the options, several for one: nothing is changed (spec 6.8)."""
    told = story(edit({"chat": "x", code: given}), **fields)

    assert told.only(e.RuleRunFailed).reason == "invalid_value:fields"
    assert "chat" not in told.state.fields


def test_a_field_that_is_gone_fails() -> None:
    """It was taken out after the rule was saved."""
    told = deal(FIELDS, edit({"number": 1}))
    put(told.book, m.Fields(item_type="deal", fields=()))
    assert told.when(c.SaveItem({}, stage="assembly")).only(e.RuleRunFailed).reason == "invalid_value:fields"


def test_it_counts_as_a_change_by_a_rule() -> None:
    """No trigger fires, and no rule of the stage runs again."""
    watch = trigger("watch", "track_field_change", "won", params={"fields": ["number"]})
    told = story(edit({"number": 1}), watch)

    assert told.kinds() == ["StageMoved", "FieldsChanged", "RuleRunCompleted"]


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "params.fields"),
        ({"fields": []}, "params.fields"),
        ({"fields": [{"field": "stage", "value": "won"}]}, "params.fields[0]"),
        ({"fields": [{"field": "nowhere", "value": "x"}]}, "params.fields[0]"),
        ({"fields": [{"field": "number", "value": "x"}]}, "params.fields[0].value"),
        ({"fields": [{"field": "number", "value": 1, "more": 1}]}, "params.fields[0]"),
        ({"fields": [{"field": "chat", "value": "{{field:nowhere}}"}]}, "params.fields[0].value"),
        ({"fields": [{"field": "lead_by", "value": ["ann", "boss"]}]}, "params.fields[0].value"),
        ({"fields": [{"field": "chat", "value": "x"}], "append_multiple": "perhaps"}, "params.append_multiple"),
        ({"fields": [{"field": "chat", "value": "x"}], "on_behalf_of": "department:sales"}, "params.on_behalf_of"),
    ],
)
def test_parameters_are_checked_when_saved(params: dict[str, Any], path: str) -> None:
    """At least one row of a known field, of which the stage is none, with a value of its type."""
    assert flaws("edit_item", params, FIELDS) == {path}
