"""The action `bp_create_activity` (spec 4.1)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import activity_changes as ac
from automation.items import activity_events as a
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.decide import timers
from automation.items.parts import Activity
from automation.scope import Schema
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.catalogue.planning_world import TYPES, deal_at, item_of
from tests.core.catalogue.test_schedule_client_call import planned, told_to
from tests.core.spec import CATALOGUE, Story, action, deal, pipeline, put, template, trigger


def activity(story: Story, **params: Any) -> Story:
    """Run the action with a subject unless said otherwise."""
    return story.run("bp_create_activity", **{"subject": "Check {{field:title}}", **params})


def test_the_responsible_gets_an_activity_without_a_time() -> None:
    """Planned, of ordinary importance; its id is the result, and nobody is notified."""
    story = activity(deal())
    found = planned(story)

    assert found == Activity(
        found.activity_id, "activity", Personal("Check Desk"), Personal(""), 0, 0, Personal(""), "ann", False, False, 0
    )
    assert story.only(a.ActivityPlanned).created_by == "ann"
    assert story.only(p.StepCompleted).results == {"activity_id": found.activity_id}
    assert (told_to(story), list(timers(story.state))) == ([], [])


def test_everything_may_be_said() -> None:
    """Details, employee, importance."""
    found = planned(
        activity(deal(name=Personal("Eve")), description="Ask {{field:name}}", responsible="user:boss", important=True)
    )
    assert (found.description.text, found.responsible, found.important) == ("Ask Eve", "boss", True)


@pytest.mark.parametrize("item_type", TYPES)
def test_any_item_of_a_crm_may_have_it(item_type: str) -> None:
    """Clients too, and the flag does no harm where there are no stages."""
    story = activity(item_of(item_type), complete_on_status_change=True)
    (open_one,) = story.state.activities.values()

    assert (open_one.kind, open_one.responsible) == ("activity", "ann")
    story.when(c.SaveItem({"title": "Chair"}))
    assert len(story.state.activities) == 1


def test_it_stands_in_the_timeline() -> None:
    """As planned, made by the process for the responsible."""
    story = activity(deal(), important=True)
    (entry,) = [found for r in story.last.events if (found := timeline_entry(r)) and "process" not in found.kind]

    assert (entry.kind, entry.facts["activity"], entry.facts["important"]) == ("activity_planned", "activity", True)
    assert (entry.actor[:8], entry.on_behalf_of, entry.facts["start"]) == ("process:", "ann", None)


def test_an_item_without_a_responsible_has_work_of_nobody() -> None:
    """The system planned it."""
    story = activity(deal().when(c.SaveItem({}, responsible="")))
    assert (planned(story).responsible, story.only(a.ActivityPlanned).created_by) == ("", "system")


# --- the status changes ------------------------------------------------------------------------------------------


def flagged(*more: m.Definition) -> Story:
    """Return a deal with an activity that is over when the status changes, and one beside it."""
    story = deal(pipeline("deal", "other", default=False), *more)
    return activity(activity(story, subject="stays"), complete_on_status_change=True)


@pytest.mark.parametrize(
    "change", [c.SaveItem({}, stage="won"), c.SaveItem({}, pipeline="other")], ids=["stage", "pipeline"]
)
def test_a_status_change_completes_the_flagged_one(change: c.ItemChange) -> None:
    """In the name of whoever changed it; pipeline moves count."""
    story = flagged().when(change, actor="user:boss")
    (done,) = [r for r in story.last.events if isinstance(r.event, a.ActivityCompleted)]

    assert (done.event.reason, done.envelope.actor) == ("status_changed", "user:boss")
    assert [one.subject.text for one in story.state.activities.values()] == ["stays"]


def test_a_trigger_and_a_process_change_the_status_too() -> None:
    """Each is the author of its own change."""
    watch = trigger("moves", "track_field_change", "won", params={"fields": ["title"]})
    by_trigger = flagged(watch).when(c.SaveItem({"title": "Chair"}))
    by_process = flagged(template(action("bp_change_status", new_status="won"), name="move")).begin("move")

    for story, actor in ((by_trigger, "trigger:moves"), (by_process, "process:move")):
        (done,) = [r for r in story.last.events if isinstance(r.event, a.ActivityCompleted)]
        assert (done.envelope.actor, done.envelope.on_behalf_of) == (actor, "ann")


def test_it_is_completed_once_and_never_reopened() -> None:
    """Neither by the next move, nor by the way back; one completed by hand is not completed again."""
    story = flagged().when(c.SaveItem({}, stage="won"))
    assert story.when(c.SaveItem({}, stage="new")).kinds() == ["StageMoved"]
    assert len(story.state.activities) == 1

    story = flagged()
    (mine,) = [one for one in story.state.activities.values() if one.complete_on_status_change]
    story.when(ac.CompleteActivity(mine.activity_id))
    assert story.when(c.SaveItem({}, stage="won")).kinds() == ["StageMoved"]


def test_a_save_that_keeps_the_status_completes_nothing() -> None:
    """Spec 1.2: it is no entry."""
    assert len(flagged().when(c.SaveItem({"title": "x"}, stage="new")).state.activities) == 2


def test_each_round_of_a_loop_plans_its_own() -> None:
    """Spec 6.1: the key of a step has its iteration."""
    fields = m.Fields(item_type="deal", fields=(m.FieldDef(code="list", title="L", type="string", multiple=True),))
    step = action("bp_create_activity", "act", subject="{{iterator}}")
    made = template({"id": "each", "type": "bp_iterator", "source": "{{field:list}}", "steps": [step]})
    story = deal(fields, made, list=("a", "b")).begin()

    assert [one.subject.text for one in story.state.activities.values()] == ["a", "b"]


# --- what does not fit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"subject": "{{field:comments}}"}, "missing_value:subject"),
        ({"subject": "{{field:title}}"}, "invalid_value:subject"),
        ({"important": "{{field:title}}"}, "invalid_value:important"),
    ],
)
def test_values_that_are_missing_or_unfit_fail_and_the_process_goes_on(params: dict[str, Any], reason: str) -> None:
    """With empty results (spec 4); nothing is planned."""
    story = deal_at(title="x" * 1_001)
    given = {"subject": "x", **params}
    put(story.book, template(action("bp_create_activity", "act", **given), action("bp_wait", interval_days=1)))
    story.begin()

    assert story.only(p.StepFailed).reason == reason
    assert [run.place for run in story.state.steps.values()] == ["bp_wait"]
    assert not story.state.activities


@pytest.mark.parametrize(
    ("params", "path"), [({}, "subject"), ({"subject": "x", "start": 5}, "start"), ({"subject": ""}, "subject")]
)
def test_what_is_refused_when_saved(params: dict[str, Any], path: str) -> None:
    """An activity has a subject and no time."""
    with pytest.raises(InvalidParamsError, match=path):
        compile_arguments(CATALOGUE["bp_create_activity"].params, params, Schema({}))
