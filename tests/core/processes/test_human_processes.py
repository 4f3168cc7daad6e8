"""Processes that go by what people say: the example of the how-to, and what ends a question from outside."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.process_changes import ControlProcess, StartProcess
from automation.records.types.human_task.changes import DecideHumanTask
from automation.values import Personal
from services.cli.definitions.files import read_files
from tests.core.human_world import HOUR, STAFF, TEAM_UNIT
from tests.core.spec import PEOPLE, action, book_of, pipeline, put, template
from tests.core.world import World

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "how-to" / "ask-people.md"
COMPANY = tuple(read_files([ROOT / "examples" / "company"]).definitions.values())


def world_of(made: m.Template, *around: m.Definition) -> World:
    """Return a world with a deal on which the process runs."""
    world = World(book_of(*(around or (pipeline(), *PEOPLE, TEAM_UNIT, *STAFF)), made))
    world.tell("deal/1", c.CreateItem({"title": "Desk"}, responsible="ann"))
    return world.tell("deal/1", StartProcess(made.id, {}))


def say(world: World, user: str, decision: Any, **values: Any) -> None:
    """Let an employee decide on the one open task."""
    (name,) = [key.item_id for key, one in world.stories.items()
               if key.item_type == "human_task" and one.state.body.status == "open"]  # fmt: skip
    world.tell(f"human_task/{name}", DecideHumanTask(decision, Personal(""), values), actor=f"user:{user}")


def statuses(world: World) -> list[str]:
    """Return how the human tasks of a world stand, in the order in which they were opened."""
    return [one.state.body.status for key, one in world.stories.items() if key.item_type == "human_task"]


@pytest.mark.parametrize(("votes", "stage"), [(("approve", "approve"), "won"), (("reject", "reject"), "lost")])
def test_the_example_of_the_page_goes_by_form_and_vote(votes: tuple[str, str], stage: str) -> None:
    """From the form to the question, and by its answer to the stage."""
    written = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert written
    raw = yaml.safe_load(written[1])
    del raw["kind"]
    world = world_of(m.Template.model_validate_json(json.dumps(raw)), *COMPANY)
    say(world, "ann", "answer", delivery="courier", discount=5)

    (task,) = [one.state.body for one in world.stories.values() if getattr(one.state, "type", "") == "human_task"
               and one.state.body.status == "open"]  # fmt: skip
    assert (task.title.text, task.assignees) == ("Offer Desk, 5 % off", ("lena", "marta", "berta"))
    for user, vote in zip(("berta", "lena"), votes, strict=True):
        say(world, user, vote)
    assert world.state("deal/1").stage == stage


def ask(step_id: str = "ask", **more: Any) -> dict[str, Any]:
    """Return a step that asks Bob."""
    return {**action("request_approval", step_id, title="x", assignees=["user:bob"]), **more}


def test_the_time_limit_of_the_step_withdraws_the_question() -> None:
    """Its branch is taken."""
    world = world_of(template(ask(timeout={"after": "1h", "steps": [action("bp_wait", "late", interval_days=1)]})))
    world.wake("deal/1")
    assert (statuses(world), world.story(next(iter(world.stories))).now) == (["withdrawn"], 1_000 + HOUR)
    assert [run.place for run in world.state("deal/1").steps.values()] == ["late"]


def test_the_first_of_two_paths_withdraws_the_other() -> None:
    """Nobody is left with a question that nobody needs answered."""
    paths = [{"steps": [ask("one")]}, {"steps": [ask("two")]}]
    world = world_of(template({"id": "both", "type": "parallel", "join": "first", "paths": paths}))
    (first, _) = [key.item_id for key in world.stories if key.item_type == "human_task"]
    world.tell(f"human_task/{first}", DecideHumanTask("approve"), actor="user:bob")
    assert statuses(world) == ["approved", "withdrawn"]


def test_an_item_that_is_deleted_withdraws_its_questions() -> None:
    """With its processes."""
    world = world_of(template(ask()))
    world.tell("deal/1", c.DeleteItem())
    assert statuses(world) == ["withdrawn"]


def test_a_step_that_is_skipped_by_hand_withdraws_its_question() -> None:
    """The process goes on."""
    world = world_of(template(ask()))
    (instance,) = world.state("deal/1").processes
    world.tell("deal/1", ControlProcess(instance, "skip", "ask"))
    assert statuses(world) == ["withdrawn"]
    assert world.events("deal/1", p.ProcessEnded)[0].outcome == "completed"


def test_a_question_without_anybody_left_is_tried_again() -> None:
    """As any failed step is, where its template says so."""
    world = world_of(template(ask(on_error={"retry": 1, "retry_after": "1h"})))
    put(world.book, m.User(id="bob", name="Bob", active=False))
    (task,) = [key.item_id for key in world.stories if key.item_type == "human_task"]
    world.wake(f"human_task/{task}")
    assert statuses(world) == ["no_recipient"]
    assert world.events("deal/1", p.StepRetryPlanned)[0].attempt == 1
