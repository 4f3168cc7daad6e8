"""The action `bp_change_status` (spec 4.35)."""

from __future__ import annotations

from automation.items import events as e
from automation.items import process_events as p
from tests.core.spec import action, deal, rule, template

WAIT = action("bp_wait", interval_days=1)


def test_the_status_is_set_and_the_process_ends() -> None:
    """Later steps do not run; the rules of the new stage do; other processes go on."""
    hello = rule("hello", "add_item_comment", "assembly", {"text": "Hello"})
    story = deal(hello, template(WAIT), template(action("bp_change_status", new_status="assembly"), WAIT, name="move"))
    story.begin().begin("move")
    assert story.kinds() == [
        "ProcessStarted", "StepCompleted", "ProcessEnded", "StageMoved", "CommentAdded", "RuleRunCompleted"
    ]  # fmt: skip
    assert (story.only(p.ProcessEnded).outcome, story.only(e.StageMoved).automated) == ("completed", True)
    assert [one.template_id for one in story.state.processes.values()] == ["process"]


def test_a_stop_inside_a_loop_ends_the_loop() -> None:
    """Spec 4.43."""
    loop = {"type": "while", "condition": None, "steps": [action("bp_change_status", new_status="assembly"), WAIT]}
    story = deal(template(loop)).begin()
    assert story.only(p.ProcessEnded).outcome == "completed"
    assert not story.state.steps


def test_a_status_that_the_item_has_ends_the_process_without_an_entry() -> None:
    """Its rules do not run again."""
    story = deal().run("bp_change_status", new_status="new")
    assert story.kinds() == ["ProcessStarted", "StepCompleted", "ProcessEnded"]


def test_a_status_of_another_pipeline_fails_and_the_process_goes_on() -> None:
    """The step behind it runs."""
    story = deal(template(action("bp_change_status", new_status="{{field:title}}"), WAIT)).begin()
    assert story.only(p.StepFailed).reason == "stage_not_in_pipeline"
    assert story.state.steps


def test_a_missing_status_goes_on() -> None:
    """As any missing value."""
    story = deal().run("bp_change_status", new_status="{{field:comments}}")
    assert story.only(p.StepFailed).reason == "missing_value:new_status"


def test_the_first_of_two_paths_that_moves_ends_both() -> None:
    """What runs beside it is cancelled."""
    paths = [{"steps": [WAIT]}, {"steps": [action("bp_change_status", new_status="won")]}]
    story = deal(template({"type": "parallel", "paths": paths})).begin()
    assert story.only(p.StepCancelled).place == "bp_wait"
    assert (story.state.stage, story.state.processes) == ("won", {})
