"""The action `bp_wait_for_deal_stage` (spec 4.28)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from automation.items import process_events as p
from automation.items.process_changes import ControlProcess, StartProcess
from automation.items.waiters import BATCH
from tests.core.catalogue.stage_waits import outcome, start, world_with
from tests.core.spec import action, deal, put, template
from tests.core.world import World


def wait(deal_id: str | None = "w", stages: tuple[str, ...] = ("assembly",), **more: Any) -> dict[str, Any]:
    """Return the step."""
    named = {} if deal_id is None else {"deal_id": deal_id}
    return {**action("bp_wait_for_deal_stage", stages=list(stages), **named), **more}


def move(world: World, stage: str, item: str = "deal/w") -> World:
    """Move the watched deal."""
    return world.tell(item, c.SaveItem({}, stage=stage))


def test_the_process_goes_on_when_the_stage_is_reached() -> None:
    """Other stages change nothing; the result is the stage."""
    world = move(start(world_with(wait())), "invoice_sent")
    assert outcome(world) == []
    assert outcome(move(world, "assembly")) == [{"reached_stage": "assembly"}]
    assert world.state("deal/w").waiters == {}


def test_a_final_stage_ends_the_wait_too() -> None:
    """Of whichever pipeline."""
    assert outcome(move(start(world_with(wait())), "lost")) == [{"reached_stage": "lost"}]
    world = start(world_with(wait()))
    world.tell("deal/w", c.SaveItem({}, pipeline="other", stage="won"))
    assert outcome(world) == [{"reached_stage": "won"}]


def test_a_deal_that_leaves_the_pipeline_is_still_waited_for() -> None:
    """Until it comes back, or is closed."""
    world = start(world_with(wait()))
    world.tell("deal/w", c.SaveItem({}, pipeline="other", stage="invoice_sent"))
    world.tell("deal/w", c.SaveItem({}, stage="assembly"))  # the other pipeline has a stage of this id, too
    assert outcome(world) == []
    world.tell("deal/w", c.SaveItem({}, pipeline="main", stage="assembly"))
    assert outcome(world) == [{"reached_stage": "assembly"}]


@pytest.mark.parametrize("stage", ["assembly", "won"])
def test_a_deal_that_is_there_already_is_not_waited_for(stage: str) -> None:
    """On a listed stage, or a final one."""
    assert outcome(start(move(world_with(wait()), stage))) == [{"reached_stage": stage}]


def test_a_stage_left_before_does_not_count() -> None:
    """One that is reached later does, also if it is left at once."""
    world = move(move(world_with(wait()), "assembly"), "invoice_sent")
    assert outcome(start(world)) == []
    assert outcome(move(move(world, "assembly"), "invoice_sent")) == [{"reached_stage": "assembly"}]


def test_an_unknown_deal_fails_and_the_process_goes_on() -> None:
    """Nothing is left behind at its key."""
    world = start(world_with(wait("nobody")))
    assert outcome(world) == ["item_not_found"]
    assert world.state("deal/nobody").version == 0
    assert world.events("deal/a", p.ProcessEnded)[0].outcome == "completed"


def test_a_deal_that_is_deleted_meanwhile_fails_the_wait() -> None:
    """As does one that was deleted before."""
    world = start(world_with(wait())).tell("deal/w", c.DeleteItem())
    assert outcome(world) == ["item_not_found"]
    assert outcome(start(world)) == ["item_not_found", "item_not_found"]


def test_all_copies_go_on_at_once() -> None:
    """Each instance waits for itself."""
    world = start(start(start(world_with(wait()))))
    assert outcome(move(world, "assembly")) == [{"reached_stage": "assembly"}] * 3


def test_the_current_deal_is_the_default() -> None:
    """A process that waits for its own deal."""
    world = start(world_with(wait(None)))
    assert outcome(move(world, "assembly", "deal/a")) == [{"reached_stage": "assembly"}]


def test_a_process_on_another_type_names_the_deal() -> None:
    """Without an id there is none."""
    world = start(world_with(wait(), runs_on="lead"), "lead/a")
    assert outcome(move(world, "assembly"), "lead/a") == [{"reached_stage": "assembly"}]
    assert outcome(start(world_with(wait("{{field:comments}}"), runs_on="lead"), "lead/a"), "lead/a") == [
        "item_not_found"
    ]


def test_a_stopped_process_is_forgotten_at_the_deal() -> None:
    """By hand, or because it waited too long."""
    world = start(world_with(wait()))
    instance = next(iter(world.state("deal/a").processes))
    world.tell("deal/a", ControlProcess(instance, "stop"))
    assert world.state("deal/w").waiters == {}


def test_a_change_of_pipeline_stops_a_process_with_its_wait() -> None:
    """The instance runs on that very deal (4.34)."""
    world = start(world_with(wait(None)))
    leave = template(action("bp_change_pipeline", pipeline="other"), name="leave")
    put(world.book, leave)
    world.tell("deal/a", StartProcess("leave", {}))
    assert [event.outcome for event in world.events("deal/a", p.ProcessEnded)] == ["completed", "cancelled"]
    assert world.state("deal/a").waiters == {}


def test_a_timeout_ends_the_wait() -> None:
    """The deal is told that nobody waits any more."""
    story = deal(template(wait("w", timeout={"after": "2d"}))).begin()
    story.wake()
    assert story.only(p.StepFailed).reason == "timeout"
    assert [event.question for event in story.events if hasattr(event, "question")] == ["withdraw"]


def test_more_waiters_than_a_turn_answers_are_answered_over_several() -> None:
    """By a timer, at once."""
    world = world_with(wait())
    for _ in range(BATCH + 7):
        start(world)
    move(world, "assembly")
    assert len(world.state("deal/w").waiters) == 7
    story = world.story(next(key for key in world.stories if key.item_id == "w"))
    story.wake()
    assert [type(event).__name__ for event in story.events] == ["ItemAnswered"] * 7
    assert story.state.waiters == {}
