"""The engine of business processes: sequence, branches, paths, loops, sub-processes, variables (spec 1.3, 4.43)."""

from __future__ import annotations

from typing import Any

from automation.items import process_events as p
from tests.core.spec import Story, action, deal, template

DAY = 86_400_000


def wait(step_id: str = "wait", days: int = 1) -> dict[str, Any]:
    """Return a step that waits."""
    return action("bp_wait", step_id, interval_days=days)


def steps(story: Story) -> list[str]:
    """Return the places of the steps that wait."""
    return sorted(run.place for run in story.state.steps.values())


def test_steps_run_one_after_the_other() -> None:
    """The second one begins when the first has ended; the instance ends with the last one."""
    story = deal(template(wait("a"), wait("b", 2))).begin()
    assert story.kinds() == ["ProcessStarted", "StepStarted", "WaitNoted"]
    assert steps(story) == ["a"]

    story.wake()
    assert story.kinds() == ["StepWoken", "StepCompleted", "StepStarted", "WaitNoted"]
    assert story.only(p.StepCompleted).results == {"ended_by": "timeout"}
    assert (steps(story), story.now) == (["b"], 1_000 + DAY)

    story.wake()
    assert story.only(p.ProcessEnded).outcome == "completed"
    assert not story.state.processes
    assert not story.state.steps


def test_the_first_branch_that_holds_is_taken() -> None:
    """Else the one for all other cases."""
    branches = [
        {"title": "Big", "when": {"field": "amount", "op": "gt", "value": 100_000}, "steps": [wait("big")]},
        {"when": {"field": "title", "op": "eq", "value": "Desk"}, "steps": [wait("desk")]},
    ]
    made = template({"id": "i", "type": "if", "branches": branches, "otherwise": [wait("other")]}, wait("z"))
    story = deal(made).begin()
    assert (story.only(p.BranchTaken).branch, steps(story)) == (1, ["desk"])
    story.wake()
    assert steps(story) == ["z"]

    assert steps(deal(made, title="Chair").begin()) == ["other"]
