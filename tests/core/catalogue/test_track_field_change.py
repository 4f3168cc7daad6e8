"""The trigger `track_field_change` (spec 2.3, 1.5)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.validation import check
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Money, Personal
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, Story, deal, pipeline, rule, trigger

FIELDS = m.Fields(item_type="deal", fields=(m.FieldDef(code="delivery", title="Delivery", type="date"),))


def watch(fields: list[str] | None = None, stage: str = "assembly", **more: Any) -> m.Trigger:
    """Return a trigger that watches fields; the date of delivery unless said otherwise."""
    return trigger("watch", "track_field_change", stage, params={"fields": fields or ["delivery"]}, **more)


def story(*definitions: m.Definition, **fields: Any) -> Story:
    """Return a deal with a date of delivery, and the trigger unless one is given."""
    return deal(FIELDS, *(definitions or (watch(),)), **fields)


def test_a_save_that_changes_a_listed_field_moves_the_item() -> None:
    """The move is the trigger's, for the responsible; nobody is alerted of a payment."""
    told = story().when(c.SaveItem({"delivery": "2026-12-01"}))

    assert told.kinds() == ["FieldsChanged", "TriggerFired", "StageMoved"]
    assert told.state.stage == "assembly"
    moved = told.last.events[-1].envelope
    assert (moved.actor, moved.source, moved.on_behalf_of) == ("trigger:watch", "trigger", "ann")
    assert told.only(e.TriggerFired).fact_id == told.last.events[0].envelope.event_id


def test_one_listed_field_of_several_is_enough() -> None:
    """The others may stay as they are."""
    told = story(watch(["amount", "delivery"])).when(c.SaveItem({"amount": Money(1, "EUR")}))

    assert told.state.stage == "assembly"


@pytest.mark.parametrize(
    "change",
    [
        c.SaveItem({"title": "Chair"}),
        c.SaveItem({"delivery": None}),
        c.AddComment(Personal("x")),
    ],
    ids=["another field", "a field that stays as it is", "no save"],
)
def test_what_changes_no_listed_field_fires_nothing(change: c.ItemChange) -> None:
    """Only a value that is another one afterwards is a change."""
    assert story().when(change).state.stage == "new"


def test_creating_an_item_is_no_change_of_its_fields() -> None:
    """The item has no earlier values."""
    assert story(watch(), delivery="2026-12-01").state.stage == "new"


@pytest.mark.parametrize("source", ["automation_rule", "business_process", "trigger", "system", "file_import"])
def test_changes_by_automation_migrations_and_imports_fire_nothing(source: str) -> None:
    """Spec 2.3 for the first three, 6.1 for the others."""
    assert story().when(c.SaveItem({"delivery": "2026-12-01"}), source=source).state.stage == "new"


@pytest.mark.parametrize("source", ["manual", "incoming_email", "crm_form", "rest_api", "app"])
def test_changes_from_outside_fire(source: str) -> None:
    """Whoever made them."""
    assert story().when(c.SaveItem({"delivery": "2026-12-01"}), source=source).state.stage == "assembly"


def test_an_import_may_opt_in() -> None:
    """Spec 6.1."""
    change = c.SaveItem({"delivery": "2026-12-01"}, run_automation=True)
    assert story().when(change, source="file_import").state.stage == "assembly"


def test_a_rule_that_edits_the_field_fires_nothing() -> None:
    """A rule's change is no save."""
    edit = rule("edit", "edit_item", "invoice_sent", {"fields": [{"field": "delivery", "value": "2026-12-01"}]})
    told = story(watch(), edit).when(c.SaveItem({}, stage="invoice_sent"))

    assert told.only(e.FieldsChanged)
    assert told.state.stage == "invoice_sent"


def test_responsible_and_observers_may_be_watched() -> None:
    """A save changes them like fields."""
    told = story(watch(["responsible"])).when(c.SaveItem({}, responsible="boss"))
    assert told.state.stage == "assembly"
    assert story(watch(["observers"])).when(c.SaveItem({}, observers=("boss",))).state.stage == "assembly"


def test_the_condition_sees_values_before_and_after() -> None:
    """False means that the change is ignored."""
    rising = {"new": "amount", "op": "gt", "value": {"old": "amount"}}
    told = story(watch(["amount"], condition=rising), amount=Money(5, "EUR"))

    assert told.when(c.SaveItem({"amount": Money(4, "EUR")})).kinds() == ["FieldsChanged"]
    assert told.when(c.SaveItem({"amount": Money(9, "EUR")})).state.stage == "assembly"


def test_a_move_backwards_needs_permission() -> None:
    """Spec 1.5, a closed item included."""
    told = story()
    told.when(c.SaveItem({}, stage="won")).when(c.SaveItem({"delivery": "2026-12-02"}))

    assert told.only(e.TriggerSkipped).reason == "previous_stage_not_allowed"
    assert told.state.stage == "won"


def test_with_permission_the_item_moves_backwards() -> None:
    """Spec 1.5."""
    told = story(watch(allow_previous_stage=True))
    told.when(c.SaveItem({}, stage="won")).when(c.SaveItem({"delivery": "2026-12-02"}))

    assert told.state.stage == "assembly"


def test_an_item_on_the_target_stage_stays() -> None:
    """Nothing is recorded."""
    told = story().when(c.SaveItem({}, stage="assembly")).when(c.SaveItem({"delivery": "2026-12-02"}))

    assert told.kinds() == ["FieldsChanged"]


def test_the_first_trigger_in_stage_order_moves() -> None:
    """One save is one fact: the others do not fire."""
    late = trigger("late", "track_field_change", "won", params={"fields": ["delivery"]})
    told = story(late, watch()).when(c.SaveItem({"delivery": "2026-12-02"}))

    assert told.only(e.TriggerFired).trigger_id == "watch"


def test_a_save_that_also_moves_the_item_is_judged_on_the_stage_it_reached() -> None:
    """What the move stops comes first, then the trigger; the stage in between runs no rules."""
    left = rule("left", "add_item_comment", "new", {"text": "x"}, delay="1h")
    between = rule("between", "add_item_comment", "invoice_sent", {"text": "x"})
    told = story(watch(), left, between).when(c.SaveItem({"delivery": "2026-12-02"}, stage="invoice_sent"))

    assert told.kinds() == [
        "FieldsChanged", "StageMoved", "RuleRunCancelled", "TriggerFired", "StageMoved", "RuleRunCancelled",
    ]  # fmt: skip
    assert told.state.stage == "assembly"
    assert told.last.events[3].envelope.cause_id == told.last.events[0].envelope.event_id


def test_another_pipeline_is_not_watched() -> None:
    """A trigger belongs to the pipeline of its stage."""
    told = story(pipeline("deal", "other", default=False), watch())
    told.when(c.SaveItem({"delivery": "2026-12-02"}, pipeline="other"))

    assert told.state.stage == "new"


def test_on_behalf_of_is_recorded() -> None:
    """The author of the stage change may be another employee."""
    told = story(watch(on_behalf_of="boss")).when(c.SaveItem({"delivery": "2026-12-02"}))

    assert told.last.events[-1].envelope.on_behalf_of == "boss"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "params.fields"),
        ({"fields": []}, "params.fields"),
        ({"fields": ["title", "nowhere"]}, "params.fields[1]"),
        ({"fields": ["stage"]}, "params.fields[0]"),
        ({"fields": ["title"], "more": 1}, "params.more"),
    ],
)
def test_fields_are_checked_when_the_trigger_is_saved(params: dict[str, Any], path: str) -> None:
    """At least one, and each a field of the item type."""
    wrong = trigger("watch", "track_field_change", "assembly", params=params)
    base = {("pipeline", "main"): pipeline(), ("user", "ann"): PEOPLE[2]}
    flaws = check(CATALOGUE, TENANT, base, {("trigger", "watch"): wrong}).errors

    assert path in {flaw.path for flaw in flaws}


def test_no_payment_is_announced() -> None:
    """The alert of spec 1.11 is for payment triggers."""
    told = story().when(c.SaveItem({"delivery": "2026-12-01"}))

    assert not [event for event in told.events if isinstance(event, effects.NotificationRequested)]
