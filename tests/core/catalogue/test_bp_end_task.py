"""The action `bp_end_task` (spec 4.30): on tasks that are records of their own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import changes as c
from automation.items import process_events as p
from automation.items import tasks
from automation.items.effects import ItemAsked
from automation.items.parts import OpenTask
from automation.items.process_changes import StartProcess
from automation.items.task_events import TaskEndNoted, TaskOpenNoted
from automation.records.types.task.changes import CompleteTask, CreateTask, ReopenTask
from automation.records.types.task.events import TaskCompleted
from automation.records.types.task.record import Task
from automation.scope import Schema
from automation.values import Personal
from tests.core import spec
from tests.core.spec import CATALOGUE, DEAL, PEOPLE, action, book_of, deal, pipeline, rule, template
from tests.core.world import World

OTHER = m.Pipeline(
    id="other",
    item_type="deal",
    title="Other",
    stages=(m.Stage(id="new", title="New"), m.Stage(id="won", title="Won", kind="final_success")),
)


def world(*stages: str, **more: Any) -> World:
    """Return a deal on `new`, where and on `assembly` rules make a task, with a template that ends those of stages."""
    rules = (
        rule("first", "create_task", "new", {"title": "First"}),
        rule("second", "create_task", "assembly", {"title": "Second"}),
    )
    ends = template(action("bp_end_task", "end", created_at_stages=list(stages or ("new",))), **more)
    made = World(book_of(pipeline(), OTHER, *PEOPLE, *rules, ends))
    return made.tell("deal/1", c.CreateItem({"title": "Desk"}, responsible="ann"))


def end(made: World) -> World:
    """Start the template, and let everything that follows happen."""
    return made.tell("deal/1", StartProcess("process", {}))


def ids(made: World) -> list[str]:
    """Return the tasks there are, in the order in which they were made."""
    return [key.item_id for key in made.stories if key.item_type == "task"]


def body(made: World, name: str) -> Task:
    """Return what a task keeps."""
    state: Any = made.state(f"task/{name}")
    found: Task = state.body
    return found


def end_all(made: World) -> World:
    """End the tasks of every stage."""
    stages = [stage.id for stage in spec.STAGES]
    spec.put(made.book, spec.template(spec.action("bp_end_task", created_at_stages=stages), name="all"))
    return made.tell("deal/1", StartProcess("all", {}))


def completed(made: World) -> list[str]:
    """Return on whose behalf tasks were completed."""
    return [done.by for name in ids(made) for done in made.events(f"task/{name}", TaskCompleted)]


def test_a_task_of_a_rule_is_completed_for_the_responsible() -> None:
    """The number of tasks is the result; the item no longer knows the task."""
    made = end(world())
    (name,) = ids(made)

    assert [done.by for done in made.events(f"task/{name}", TaskCompleted)] == ["ann"]
    assert [done.results for done in made.events("deal/1", p.StepCompleted)] == [{"ended_count": 1}]
    assert made.state("deal/1").tasks == {}


def test_without_a_responsible_the_system_completes_it() -> None:
    """Spec 6.4."""
    made = world().tell("deal/1", c.SaveItem({}, responsible=""))
    assert completed(end(made)) == ["system"]


@pytest.mark.parametrize(
    ("stages", "left"), [(("new",), {"assembly"}), (("assembly",), {"new"}), (("new", "assembly"), set())]
)
def test_the_stage_at_which_it_was_made_decides(stages: tuple[str, ...], left: set[str]) -> None:
    """Not the one that the item is on."""
    made = world(*stages)
    for stage in ("assembly", "won"):
        made.tell("deal/1", c.SaveItem({}, stage=stage))
    end(made)

    assert {one.stage for one in made.state("deal/1").tasks.values()} == left
    assert [done.results for done in made.events("deal/1", p.StepCompleted)] == [{"ended_count": 2 - len(left)}]


def test_a_task_of_a_process_counts_as_one_of_a_rule() -> None:
    """It is ended by a later step of the very process that made it."""
    steps = (
        action("create_task", "make", title="x"),
        action("bp_end_task", "end", created_at_stages=["invoice_sent"]),
    )
    made = World(book_of(pipeline(), *PEOPLE, template(*steps)))
    made.tell("deal/1", c.CreateItem({}, stage="invoice_sent", responsible="ann"))

    assert completed(end(made)) == ["ann"]
    assert made.events("deal/1", p.StepCompleted)[-1].results == {"ended_count": 1}


def test_a_task_that_people_made_is_never_ended() -> None:
    """Although it is linked to the item, and made while the item was on the stage."""
    made = world("assembly").tell("task/mine", CreateTask(Personal("Look"), item="deal/1"))
    made = end(made.tell("deal/1", c.SaveItem({}, stage="invoice_sent")))

    assert [one.reason for one in made.events("deal/1", p.StepSkipped)] == ["no_tasks"]
    assert not body(made, "mine").completed
    assert "mine" not in made.state("deal/1").tasks


def test_nor_one_of_another_item_or_another_pipeline() -> None:
    """A stage of the same name in the pipeline that the item has left does not count; back there it does."""
    made = world().tell("deal/2", c.CreateItem({"title": "Chair"}, responsible="ann"))
    end(made.tell("deal/1", c.SaveItem({}, pipeline="other")))
    assert [one.reason for one in made.events("deal/1", p.StepSkipped)] == ["no_tasks"]
    assert completed(made) == []

    end(made.tell("deal/1", c.SaveItem({}, pipeline="main", stage="won")))
    assert completed(made) == ["ann"]
    assert len(made.state("deal/2").tasks) == 1


def test_a_completed_task_is_not_completed_again_and_a_reopened_one_is() -> None:
    """Only open tasks count."""
    made = world()
    (name,) = ids(made)
    end(made.tell(f"task/{name}", CompleteTask()))
    assert [one.reason for one in made.events("deal/1", p.StepSkipped)] == ["no_tasks"]

    end(made.tell(f"task/{name}", ReopenTask()))
    assert completed(made) == ["ann", "ann"]
    assert [type(r.event) for r in made.log[DEAL] if isinstance(r.event, TaskOpenNoted | TaskEndNoted)] == [
        TaskOpenNoted, TaskEndNoted, TaskOpenNoted, TaskEndNoted,
    ]  # fmt: skip


def test_an_item_without_tasks_has_nothing_to_end() -> None:
    """The process goes on."""
    story = deal().run("bp_end_task", created_at_stages=["new"])
    assert story.only(p.StepSkipped).reason == "no_tasks"
    assert story.only(p.ProcessEnded).outcome == "completed"


@pytest.mark.parametrize("item_type", ["lead", "invoice", "quote", "spa_item.car"])
def test_any_item_with_stages_may_end_tasks(item_type: str) -> None:
    """Each in its own pipeline."""
    makes = rule("first", "create_task", "new", {"title": "x"}, item_type=item_type)
    ends = template(action("bp_end_task", "end", created_at_stages=["new"]), item_type=item_type)
    made = World(book_of(pipeline(item_type), *PEOPLE, makes, ends))
    made.tell(f"{item_type}/1", c.CreateItem({}, responsible="ann")).tell(f"{item_type}/1", StartProcess("process", {}))
    assert completed(made) == ["ann"]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from((CompleteTask(), ReopenTask()))), max_size=12))
def test_an_item_knows_its_open_tasks_whatever_people_do(done: list[tuple[int, Any]]) -> None:
    """Those of automation, and no others; ending them leaves none."""
    made = world().tell("deal/1", c.SaveItem({}, stage="assembly"))
    made.tell("task/mine", CreateTask(Personal("Look"), item="deal/1"))
    for number, change in done:
        made.tell(f"task/{ids(made)[number]}", change)

    still_open = {name for name in ids(made) if not body(made, name).completed}
    assert made.state("deal/1").tasks.keys() == still_open - {"mine"}
    end_all(made)
    assert {name for name in ids(made) if not body(made, name).completed} == still_open & {"mine"}


# --- what happens at the same time ---------------------------------------------------------------------------


def two_open() -> Any:
    """Return a deal that has two open tasks, asked to end them."""
    story = deal()
    for name in "ab":
        fact = {"task_id": name, "pipeline": "main", "stage": "new"}
        story.when(c.AskItem(name, "", "task_open", fact, ""), source="automation_rule", actor="rule:r")
    return story.run("bp_end_task", created_at_stages=["new"])


def asked(story: Any) -> list[ItemAsked]:
    """Return what was asked in the last turn."""
    return [event for event in story.events if isinstance(event, ItemAsked)]


def test_each_task_is_asked_once() -> None:
    """By a key of its own."""
    one, two = asked(two_open())
    assert (one.target, two.target) == ("acme/task/a", "acme/task/b")
    assert (one.question, one.args) == ("end_task", {"by": "ann"})
    assert one.effect_id != two.effect_id


@pytest.mark.parametrize(
    ("status", "reason"),
    [("skipped", "already_completed"), ("failed", "item_not_found"), ("skipped", "manual_task")],
)
def test_what_somebody_else_ended_meanwhile_is_not_counted(status: str, reason: str) -> None:
    """The other one is; with none left there was nothing to do."""
    story = two_open()
    one, two = asked(story)
    story.answer(one, status, reason).answer(two)
    assert story.only(p.StepCompleted).results == {"ended_count": 1}

    story = two_open()
    one, two = asked(story)
    story.answer(one, status, reason).answer(two, status, reason)
    assert story.only(p.StepSkipped).reason == "no_tasks"


def test_an_answer_that_never_comes_is_of_unknown_fate() -> None:
    """Although the other task was ended."""
    story = two_open()
    story.answer(asked(story)[0]).wake()
    assert story.only(p.StepFailed).reason == "delivery_unknown"


def test_what_tasks_tell_twice_changes_nothing() -> None:
    """Nor does the end of one that the item does not know."""
    story = two_open()
    known = dict(story.state.tasks)
    fact = {"task_id": "a", "pipeline": "other", "stage": "won"}
    story.when(c.AskItem("x", "", "task_open", fact, ""), source="automation_rule")
    story.when(c.AskItem("y", "", "task_end", {"task_id": "z"}, ""), source="automation_rule")
    assert (story.kinds(), dict(story.state.tasks)) == (["ChangeSeen"], known)


def test_an_item_knows_so_many_tasks_and_no_more() -> None:
    """Its state stays small."""
    story = deal()
    many = {str(number): OpenTask("main", "new") for number in range(tasks.MOST)}
    story.state = story.state._replace(tasks=many)
    story.when(c.AskItem("x", "", "task_open", {"task_id": "x"}, ""), source="automation_rule")
    assert story.kinds() == ["ChangeSeen"]


def test_a_deleted_item_has_no_tasks() -> None:
    """What they tell it later is only seen."""
    story = two_open().when(c.DeleteItem())
    assert not story.state.tasks
    story.when(c.AskItem("y", "", "task_end", {"task_id": "a"}, ""), source="automation_rule")
    assert story.kinds() == ["ChangeSeen"]


def test_all_tasks_can_be_ended_at_once() -> None:
    """Whatever their stage."""
    made = end_all(world().tell("deal/1", c.SaveItem({}, stage="assembly")))
    assert completed(made) == ["ann", "ann"]
    assert made.state("deal/1").tasks == {}


# --- what does not fit ---------------------------------------------------------------------------------------


def test_no_stages_at_run_time_are_missing() -> None:
    """An inserted list that is empty."""
    fields = m.Fields(item_type="deal", fields=(m.FieldDef(code="at", title="At", type="string", multiple=True),))
    story = deal(fields).run("bp_end_task", created_at_stages="{{field:at}}")
    assert story.only(p.StepFailed).reason == "missing_value:created_at_stages"
    story = deal(fields, at=("new",)).run("bp_end_task", created_at_stages="{{field:at}}")
    assert story.only(p.StepSkipped).reason == "no_tasks"


@pytest.mark.parametrize("params", [{}, {"created_at_stages": []}])
def test_stages_are_required_when_saved(params: dict[str, Any]) -> None:
    """At least one."""
    with pytest.raises(InvalidParamsError, match="created_at_stages"):
        compile_arguments(CATALOGUE["bp_end_task"].params, params, Schema({}))
