"""Automatic start of processes (spec 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.saved import DefinitionSaved
from automation.definitions.tenant_view import EVERYWHERE
from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from automation.items.effects import NotificationRequested
from automation.items.parts import Link, ProductRow
from automation.values import Money, Personal
from tests.core.spec import PEOPLE, Story, action, book_of, deal, pipeline, put, rule, template, trigger
from tests.core.world import World

STARTS: dict[str, tuple[bool, bool]] = {
    "manual": (True, True), "incoming_email": (True, True), "incoming_call": (True, True), "crm_form": (True, True),
    "rest_api": (True, True), "app": (True, True), "file_import": (False, False), "business_process": (False, False),
    "automation_rule": (False, False), "trigger": (False, True), "system": (False, False),
}  # fmt: skip
"""The table of 5.2: on add, on change."""
ADD = {"autostart_on_add": True}
CHANGE = {"autostart_on_change": True}


def process(name: str = "process", **more: Any) -> m.Template:
    """Return a template with one step that waits."""
    return template(action("bp_wait", interval_days=1), name=name, **more)


def started(story: Story) -> list[str]:
    """Return the templates started in the last turn, in order."""
    return [event.template_id for event in story.events if isinstance(event, p.ProcessStarted)]


def empty(*definitions: m.Definition) -> Story:
    """Return a deal that does not exist yet."""
    return Story(book_of(pipeline(), *PEOPLE, *definitions))


@pytest.mark.parametrize(("source", "starts"), STARTS.items())
def test_the_source_decides(source: str, starts: tuple[bool, bool]) -> None:
    """Every row of the table, to the letter; an import that opted in for rules starts nothing either."""
    story = empty(process("a", **ADD), process("c", **CHANGE))
    story.when(c.CreateItem({"title": "x"}, run_automation=source == "file_import"), source=source)
    assert started(story) == (["a"] if starts[0] else [])
    story.when(c.SaveItem({"title": "y"}), source=source)
    assert started(story) == (["c"] if starts[1] else [])


@pytest.mark.parametrize(
    "change",
    [
        c.SaveItem({"title": "New", "comments": "both"}), c.SaveItem({}, responsible="boss"),
        c.SaveItem({}, observers=("boss",)), c.SaveItem({}, stage="assembly"),
        c.SaveItem({}, rows=(ProductRow("p", "P", 1_000, Money(100, "EUR")),)),
        c.SaveItem({}, link=(Link("contact", "c", "client"),)),
    ],
)  # fmt: skip
def test_one_save_is_one_start(change: c.SaveItem) -> None:
    """Whatever the number of fields."""
    story = deal(process(**CHANGE)).when(change)
    assert started(story) == ["process"]
    assert story.only(p.ProcessStarted).started_by == "on_change"


@pytest.mark.parametrize(
    "change",
    [
        c.SaveItem({"title": "Desk"}),
        c.AddComment(Personal("x")),
        c.RecordActivity("a", "incoming_call", Personal("")),
        c.ReportPayment("p", "", "paid", Money(1, "EUR"), ""),
    ],
)
def test_what_is_no_change_starts_nothing(change: c.ItemChange) -> None:
    """A save that changes nothing, comments, activities, payments."""
    assert started(deal(process(**CHANGE)).when(change)) == []


def test_creation_starts_only_what_starts_on_add() -> None:
    """In the order of the ids, behind the rules of the stage."""
    hello = rule("hello", "add_item_comment", "new", {"text": "x"})
    story = empty(process("b", **ADD), process("a", **ADD, **CHANGE), process("c", **CHANGE), hello)
    story.when(c.CreateItem({"title": "x"}))
    assert started(story) == ["a", "b"]
    assert story.kinds().index("CommentAdded") < story.kinds().index("ProcessStarted")


def test_every_change_starts_a_new_instance() -> None:
    """Also while earlier ones run; a repeat of the change does not."""
    story = deal(process(**CHANGE))
    for title in ("a", "b", "c"):
        frame = story.frame()
        story.repeat(frame, c.SaveItem({"title": title})).repeat(frame, c.SaveItem({"title": title}))
    assert len(story.state.processes) == 3


@pytest.mark.parametrize(("source", "starts"), [(source, on_change) for source, (_, on_change) in STARTS.items()])
def test_a_link_that_the_other_side_makes_is_a_change_of_its_source(source: str, starts: bool) -> None:
    """Linking and unlinking an invoice change its deal, too; what is linked already changes nothing."""
    at_deal = Link("deal", "1", "source")
    made = World(book_of(pipeline(), pipeline("invoice", "bills"), *PEOPLE, process(**CHANGE)))
    made.tell("deal/1", c.CreateItem({})).tell("invoice/7", c.CreateItem({}))
    for save in (c.SaveItem({}, link=(at_deal,)), c.SaveItem({}, unlink=(at_deal,))):
        made.tell("invoice/7", save, source=source)
        made.tell("invoice/7", save, source=source)

    assert len(made.events("deal/1", p.ProcessStarted)) == (2 if starts else 0)


def test_a_move_by_a_trigger_is_a_change() -> None:
    """It answers an outside event; the rules' own edits are none."""
    paid = trigger("paid", "track_order_payment", "assembly")
    note = rule("note", "edit_item", "assembly", {"fields": [{"field": "comments", "value": "paid"}]})
    story = deal(process(**CHANGE), paid, note).when(
        c.ReportPayment("p", "", "paid", Money(1, "EUR"), ""), source="app"
    )
    assert (started(story), story.state.fields["comments"]) == (["process"], "paid")


def test_a_process_starts_neither_itself_nor_another_one_by_its_edits() -> None:
    """A stage that a process sets."""
    move = template(action("bp_change_status", new_status="assembly"), name="move")
    story = deal(process(**CHANGE), move).begin("move")
    assert (started(story), story.state.stage) == (["move"], "assembly")


def test_start_parameters_come_with_the_save_else_from_their_defaults() -> None:
    """Each template takes its own."""
    params = [{"code": "who", "type": "string", "default": "Ann"}, {"code": "n", "type": "int"}]
    story = deal(process(params=params, **CHANGE))
    story.when(c.SaveItem({"title": "a"}))
    assert story.only(p.ProcessStarted).params == {"who": "Ann"}
    story.when(c.SaveItem({"title": "b"}, process_params={"process.who": "Bob", "process.n": 2, "other.n": 3}))
    assert story.only(p.ProcessStarted).params == {"who": "Bob", "n": 2}


@pytest.mark.parametrize(("given", "lacking"), [({}, "who"), ({"process.who": 5}, "who")])
def test_a_missing_parameter_is_recorded_and_told(given: dict[str, Any], lacking: str) -> None:
    """Not started; who made the change is notified, without one the responsible."""
    params = [{"code": "who", "type": "string", "required": True}]
    story = deal(process(params=params, **CHANGE)).when(c.SaveItem({"title": "a"}, process_params=given))
    skipped = story.only(p.ProcessNotStarted)
    assert (skipped.reason, skipped.detail, story.state.processes) == ("missing_parameters", lacking, {})
    assert story.only(NotificationRequested).recipient == "ann"
    story.when(c.SaveItem({"title": "b"}, responsible="boss"), actor="")
    assert story.only(NotificationRequested).recipient == "boss"


def test_the_save_stands_whatever_its_processes_do() -> None:
    """A condition of the template, if it has one, is looked at after the save."""
    only = {"field": "title", "op": "eq", "value": "Chair"}
    story = deal(process(condition=only, **CHANGE)).when(c.SaveItem({"title": "Table"}))
    assert (started(story), story.state.fields["title"]) == ([], "Table")
    assert started(story.when(c.SaveItem({"title": "Chair"}))) == ["process"]


def rises() -> dict[str, Any]:
    """Return a condition that an amount rises."""
    return {"all": [{"changed": "amount"}, {"new": "amount", "op": "gt", "value": {"old": "amount"}}]}


def test_the_condition_compares_what_the_save_has_changed() -> None:
    """Old and new values of its fields; a later save of something else has none of them."""
    story = deal(process(condition=rises(), **CHANGE), amount=Money(100, "EUR"))
    started_by = [started(story.when(c.SaveItem({"amount": Money(minor, "EUR")}))) for minor in (90, 120, 110)]

    assert started_by == [[], ["process"], []]
    assert started(story.when(c.SaveItem({"title": "Chair"}))) == []


@pytest.mark.parametrize(
    ("condition", "save"),
    [
        ({"changed": "responsible"}, c.SaveItem({}, responsible="boss")),
        ({"new": "observers", "op": "contains", "value": "boss"}, c.SaveItem({}, observers=("boss",))),
        ({"old": "stage", "op": "eq", "value": "new"}, c.SaveItem({}, stage="assembly")),
        ({"new": "pipeline", "op": "eq", "value": "other"}, c.SaveItem({}, pipeline="other", stage="won")),
    ],
)
def test_people_and_stage_are_among_what_a_save_changes(condition: dict[str, Any], save: c.SaveItem) -> None:
    """A save of the title meets none of these."""
    story = deal(process(condition=condition, **CHANGE), pipeline(name="other", default=False))

    assert started(story.when(c.SaveItem({"title": "Chair"}))) == []
    assert started(story.when(save)) == ["process"]


def test_a_move_by_a_trigger_has_changed_the_stage_alone() -> None:
    """The condition sees it as it sees a person's move; the trigger answers a save of another field."""
    moved = {"all": [{"new": "stage", "op": "eq", "value": "assembly"}, {"new": "comments", "op": "empty"}]}
    watch = trigger("watch", "track_field_change", "assembly", params={"fields": ["comments"]})
    story = deal(process(condition=moved, **CHANGE), watch).when(c.SaveItem({"comments": "now"}))

    assert started(story) == ["process"]


def test_a_creation_has_changed_nothing() -> None:
    """A template that starts on both compares values of changes alone."""
    story = empty(process(condition={"changed": "title"}, **ADD, **CHANGE)).when(c.CreateItem({"title": "x"}))

    assert started(story) == []
    assert started(story.when(c.SaveItem({"title": "y"}))) == ["process"]


def test_a_tenant_without_processes_starts_none() -> None:
    """The capability is off (5.1)."""
    story = deal(process(**CHANGE), m.Settings(business_processes=False)).when(c.SaveItem({"title": "a"}))
    assert started(story) == []


@pytest.mark.parametrize("status", [{"status": "archived"}, {"status": "draft"}, {"active": False}])
def test_what_is_not_in_force_does_not_start(status: dict[str, Any]) -> None:
    """Archived, draft, switched off; or behind a kill switch."""
    assert started(deal(process(**CHANGE, **status)).when(c.SaveItem({"title": "a"}))) == []
    story = deal(process(**CHANGE))
    put(story.book, m.Stop(id="automation"))
    assert started(story.when(c.SaveItem({"title": "a"}))) == []


def test_a_kill_switch_for_everybody_stops_starts_too() -> None:
    """It is set and lifted while templates are in use."""
    story = deal(process(**CHANGE)).when(c.SaveItem({"title": "a"}))
    everywhere = DefinitionSaved(
        EVERYWHERE, "stop", "automation", 1, 0, "ops", 0, "s", True, False, '{"id":"automation"}'
    )
    story.book.apply(everywhere, story.book.version)
    assert (started(story), started(story.when(c.SaveItem({"title": "b"})))) == (["process"], [])
    lifted = replace(everywhere, version=2, replaces=1, deleted=True, body="", apply_id="l")
    story.book.apply(lifted, story.book.version)
    assert started(story.when(c.SaveItem({"title": "d"}))) == ["process"]


@pytest.mark.parametrize("item_type", ["feed_item", "drive_file"])
def test_documents_outside_the_crm_start_processes_too(item_type: str) -> None:
    """For a file of the drive, a change is a new version, a rename or a move: a save of its fields (5.2)."""
    story = empty(process(item_type=item_type, **ADD, **CHANGE))
    story.key = story.key._replace(item_type=item_type)
    assert started(story.when(c.CreateItem({"title": "Minutes"}))) == ["process"]
    assert started(story.when(c.SaveItem({"title": "Minutes, second"}))) == ["process"]
    assert started(story.when(c.SaveItem({"title": "x"}), source="file_import")) == []
    assert story.state.stage == ""


def test_deleting_the_item_cancels_its_processes() -> None:
    """With the cause (6.3)."""
    story = deal(process(**CHANGE)).when(c.SaveItem({"title": "a"})).when(c.DeleteItem())
    ended = story.only(p.ProcessEnded)
    assert (ended.outcome, ended.cause, story.state.steps) == ("cancelled", "item_deleted", {})
    assert isinstance(story.last.events[0].event, e.ItemDeleted)
