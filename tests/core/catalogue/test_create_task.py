"""The rule `create_task` (spec 3.3): what it asks of the record `task`, and what it publishes."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAsked
from automation.items.process_events import StepCompleted
from automation.values import Personal
from tests.core.spec import CATALOGUE, TENANT, Story, deal, flaws, rule

FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="due", title="Due", type="datetime"),
        m.FieldDef(code="day", title="Day", type="date"),
    ),
)


def task(**params: Any) -> m.Rule:
    """Return the rule on the stage of assembly."""
    given = {"title": "Build {{field:title}}", **params}
    return rule("task", "create_task", "assembly", {name: value for name, value in given.items() if value is not None})


def story(made: m.Rule, *more: m.Definition, **fields: Any) -> Story:
    """Return a deal that has just reached the stage."""
    return deal(FIELDS, made, *more, **fields).when(c.SaveItem({}, stage="assembly"))


def test_the_task_is_asked_for_and_its_id_is_the_result() -> None:
    """For the responsible, without a deadline, linked to the item, with its pipeline and stage."""
    told = story(task())
    asked = told.only(ItemAsked)

    assert (asked.target, asked.question) == (f"{TENANT}/task/{asked.effect_id}", "create_task")
    assert asked.args == {
        "title": "Build Desk", "description": "", "deadline": 0, "important": False, "responsible": "ann",
        "created_by": "ann", "item": "deal/1", "pipeline": "main", "stage": "assembly",
    }  # fmt: skip
    told.answer(asked, task_id=asked.effect_id)
    assert told.only(e.RuleRunCompleted).results == {"task_id": asked.effect_id}


def test_everything_may_be_said() -> None:
    """Description, responsible, deadline, importance."""
    told = story(task(description="x", responsible="user:boss", deadline="{{field:due}}", important=True), due=9_000)
    args = told.only(ItemAsked).args

    assert (args["description"], args["responsible"], args["deadline"], args["important"]) == ("x", "boss", 9_000, True)


def test_a_deadline_may_be_a_day() -> None:
    """Its beginning in the platform's time zone."""
    told = story(task(deadline="{{field:day}}"), m.Settings(time_zone="Europe/Berlin"), day="2026-12-01")
    assert told.only(ItemAsked).args["deadline"] == 1_796_079_600_000


def test_an_empty_deadline_is_none() -> None:
    """At run time, too."""
    assert story(task(deadline="{{field:due}}")).only(ItemAsked).args["deadline"] == 0


def test_personal_values_stay_personal() -> None:
    """A title with the client's address in it."""
    told = story(task(title="Write to {{field:email_work}}"), email_work="c@client.test")
    assert told.only(ItemAsked).args["title"] == Personal("Write to c@client.test")


def test_a_title_is_at_most_a_thousand_characters() -> None:
    """Personal or not."""
    for code in ("title", "email_work"):
        told = story(task(title=f"{{{{field:{code}}}}}"), **{code: "x" * 1_001})
        assert told.only(e.RuleRunFailed).reason == "invalid_value:title"


def test_the_stamp_is_that_of_the_run_although_the_item_moves_on() -> None:
    """The rule runs after a delay; its stage is the one that it began in."""
    delayed = task().model_copy(update={"delay": 60_000})
    told = story(delayed).wake()
    asked = told.only(ItemAsked)
    told.when(c.SaveItem({}, stage="won"))

    assert (asked.args["pipeline"], asked.args["stage"]) == ("main", "assembly")
    assert told.answer(asked, task_id="t").only(e.RuleRunCompleted).results == {"task_id": asked.effect_id}


def test_each_stage_entry_makes_a_new_task() -> None:
    """Another entry, another id."""
    told = story(task())
    first = told.only(ItemAsked).effect_id
    told.when(c.SaveItem({}, stage="new")).when(c.SaveItem({}, stage="assembly"))
    assert told.only(ItemAsked).effect_id != first


@pytest.mark.parametrize(
    ("params", "fields", "reason"),
    [
        ({"title": "{{field:comments}}"}, {}, "missing_value:title"),
        ({"deadline": "{{field:title}}"}, {}, "invalid_value:deadline"),
        ({"deadline": "{{field:due}}"}, {"due": 2**60}, "invalid_value:deadline"),
    ],
)
def test_values_that_are_missing_or_unfit_fail(params: dict[str, Any], fields: dict[str, Any], reason: str) -> None:
    """Spec 4, 6.8."""
    assert story(task(**params), **fields).only(e.RuleRunFailed).reason == reason


def test_an_answer_that_never_came_is_of_unknown_fate() -> None:
    """The deadline of the call passes."""
    assert story(task()).wake().only(e.RuleRunFailed).reason == "delivery_unknown"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "params.title"),
        ({"title": "x", "responsible": "department:sales"}, "params.responsible"),
        ({"title": "x", "deadline": "someday"}, "params.deadline"),
        ({"title": "x", "important": "perhaps"}, "params.important"),
    ],
)
def test_parameters_are_checked_when_saved(params: dict[str, Any], path: str) -> None:
    """A title, and values of their types."""
    assert flaws("create_task", params) == {path}


# --- as a step of a process ----------------------------------------------------------------------------------


def test_a_process_may_give_a_task() -> None:
    """It is stamped with the stage that the item had when the step began (spec 3.3)."""
    story = deal(stage="assembly").run("create_task", title="Pack {{field:title}}")
    asked = story.only(ItemAsked)
    story.answer(asked, task_id="t")

    assert (asked.args["pipeline"], asked.args["stage"], asked.args["title"]) == ("main", "assembly", "Pack Desk")
    assert story.only(StepCompleted).results == {"task_id": asked.effect_id}


def test_what_it_may_be_used_as() -> None:
    """On items with stages as a rule, on all documents as a step, and never as a trigger."""
    entry = CATALOGUE["create_task"]

    assert (entry.allows("deal"), entry.allows("contact"), "contact" in entry.step_types) == (True, False, True)
    listed = [entry.serves("action", ""), entry.serves("rule", "feed_item"), entry.serves(None, "feed_item")]
    assert listed == [True, False, True]
