"""What people do with running processes, and what follows a failed step (spec 6.2; issues of a process engine)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.errors import ChangeRefusedError
from automation.items import process_events as p
from automation.items.effects import NotificationRequested
from automation.items.process_changes import ControlProcess, StartProcess
from tests.core.processes.test_engine_of_processes import places, wait
from tests.core.spec import Story, action, deal, put, template


def bad(step_id: str = "bad", **on_error: Any) -> dict[str, Any]:
    """Return a step that fails: its stage is of no pipeline."""
    made = action("bp_change_status", step_id, new_status="nowhere")
    return {**made, "on_error": on_error} if on_error else made


def failing(**on_error: Any) -> Story:
    """Return a deal with a process whose first step fails."""
    return deal(template(bad(**on_error), wait("z"))).begin()


# --- failed steps --------------------------------------------------------------------------------------------


def test_a_failed_step_does_not_stop_its_followers() -> None:
    """Unless it says so; the responsible is told."""
    story = failing()
    assert (story.only(p.StepFailed).reason, places(story)) == ("stage_not_in_pipeline", ["z"])
    assert "the step “bad” of the process “process”" in story.only(NotificationRequested).text.text


def test_a_failed_step_may_be_tried_again() -> None:
    """So often, so much later; each attempt has a key of its own; then the process goes on."""
    story = failing(retry=2, retry_after="10m")
    assert story.only(p.StepRetryPlanned).due == story.now + 600_000
    first = story.only(p.StepFailed).run_id
    story.wake()
    assert (story.only(p.StepRetryPlanned).attempt, story.only(p.StepFailed).run_id == first) == (2, False)
    assert "NotificationRequested" not in story.kinds()
    story.wake()
    assert places(story) == ["z"]


def test_a_failed_step_may_take_a_branch() -> None:
    """And the process goes on behind the step."""
    story = failing(then="branch", steps=[wait("mend")])
    assert places(story) == ["mend"]
    assert places(story.wake()) == ["z"]


def test_a_failed_step_may_raise_an_incident() -> None:
    """Its path waits; other paths go on."""
    paths = [{"steps": [bad(then="stop"), wait("a")]}, {"steps": [wait("b")]}]
    story = deal(template({"type": "parallel", "paths": paths}, wait("z"))).begin()
    raised = story.only(p.IncidentRaised)
    assert (raised.place, raised.reason, places(story)) == ("bad", "stage_not_in_pipeline", ["b"])
    story.wake()
    assert places(story) == []
    story.control("", "skip", "bad")
    assert (story.only(p.IncidentResolved).how, places(story)) == ("skip", ["a"])


def test_an_incident_may_be_tried_again() -> None:
    """With another key; it may fail again."""
    story = failing(then="stop")
    first = story.only(p.StepFailed).run_id
    story.control("", "retry", "bad")
    assert story.only(p.IncidentResolved).by == "user:ann"
    assert story.only(p.StepFailed).run_id != first
    assert story.only(p.IncidentRaised).attempt == 1


# --- timeouts ------------------------------------------------------------------------------------------------


def test_a_step_may_wait_too_long() -> None:
    """Its branch runs, then the process goes on; without one the step has failed with `timeout`."""
    long = {**wait("long", 9), "timeout": {"after": "1h", "steps": [wait("late")]}}
    story = deal(template(long, wait("z"))).begin().wake()
    assert (story.only(p.StepFailed).reason, places(story)) == ("timeout", ["late"])
    assert places(story.wake()) == ["z"]

    story = deal(template({**long, "timeout": {"after": "1h"}}, wait("z"))).begin().wake()
    assert (story.only(p.StepFailed).reason, places(story)) == ("timeout", ["z"])


def test_an_end_before_the_timeout_is_none() -> None:
    """The timer is gone with the step."""
    story = deal(template({**wait("short"), "timeout": {"after": "9d"}}, wait("z", 20))).begin().wake()
    assert (story.only(p.StepCompleted).place, places(story)) == ("short", ["z"])
    assert story.wake().now == 1_000 + 21 * 86_400_000


# --- what people do ------------------------------------------------------------------------------------------


def test_stop_cancels_with_its_author() -> None:
    """Steps, too."""
    story = deal(template(wait())).begin().control("", "stop")
    ended = story.only(p.ProcessEnded)
    assert (ended.outcome, ended.cause, ended.by) == ("cancelled", "stopped", "user:ann")
    assert story.only(p.StepCancelled).place == "wait"


def test_a_paused_process_begins_no_step() -> None:
    """What was waited for still ends; the next step begins when it is resumed."""
    story = deal(template(wait("a"), wait("b"))).begin().control("", "pause").wake()
    assert (story.only(p.StepHeld).place, story.only(p.StepHeld).due) == ("b", 0)
    story.control("", "resume")
    assert story.kinds()[:2] == ["ProcessResumed", "StepsReleased"]
    assert places(story) == ["b"]


def test_a_pause_holds_the_processes_inside_too() -> None:
    """As does the end of a pause."""
    child = template(wait("c"), wait("d"), name="child")
    story = deal(child, template({"id": "call", "type": "process", "template": "child"})).begin()
    parent = next(one.instance_id for one in story.state.processes.values() if not one.parent)
    story.control(parent, "pause").wake()
    assert story.only(p.StepHeld).place == "d"
    assert places(story.control(parent, "resume")) == ["call", "d"]


def test_a_waiting_step_may_be_skipped() -> None:
    """The process goes on behind it."""
    story = deal(template(wait("a"), wait("b"))).begin().control("", "skip", "a")
    assert (story.only(p.StepSkipped).reason, places(story)) == ("skipped_by_hand", ["b"])


def test_a_variable_may_be_changed() -> None:
    """Checked like any value."""
    made = template(wait(), variables=[{"code": "count", "type": "int"}])
    story = deal(made).begin().control("", "set", count=3)
    assert (story.only(p.VariablesSet).values, story.only(p.VariablesSet).by) == ({"count": 3}, "user:ann")
    with pytest.raises(ChangeRefusedError, match="count"):
        story.control("", "set", count="three")


@pytest.mark.parametrize(
    ("act", "place", "code"),
    [("dance", "", "invalid_value"), ("retry", "wait", "no_incident"), ("skip", "nowhere", "unknown_step")],
)
def test_what_cannot_be_done_is_refused(act: str, place: str, code: str) -> None:
    """With a reason code."""
    story = deal(template(wait())).begin()
    with pytest.raises(ChangeRefusedError) as refused:
        story.control("", act, place)
    assert refused.value.reason == code


def test_a_process_that_has_ended_cannot_be_controlled() -> None:
    """It does not run."""
    with pytest.raises(ChangeRefusedError) as refused:
        deal(template(wait())).when(ControlProcess("gone", "stop"))
    assert refused.value.reason == "unknown_process"


# --- starting by hand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "code"),
    [({}, "missing_parameters"), ({"when": "noon"}, "invalid_field"), ({"when": 5, "who": "x"}, "unknown_field")],
)
def test_the_form_is_checked(params: dict[str, Any], code: str) -> None:
    """Required, typed, known."""
    made = template(wait(), params=[{"code": "when", "type": "datetime", "required": True}])
    with pytest.raises(ChangeRefusedError) as refused:
        deal(made).begin(**params)
    assert refused.value.reason == code


def test_a_process_starts_as_often_as_it_is_started() -> None:
    """Each by itself; a repeat of one start is none."""
    story = deal(template(wait())).begin()
    frame = story.frame()
    story.repeat(frame, StartProcess("process", {})).repeat(frame, StartProcess("process", {}))
    assert (story.events, len(story.state.processes)) == ([], 2)


def test_what_may_not_start_is_refused() -> None:
    """Archived, a draft, of another type, unknown, or the tenant has no processes."""
    story = deal()
    for made in (
        template(wait(), status="archived"), template(wait(), status="draft"), template(wait(), item_type="lead"),
    ):  # fmt: skip
        put(story.book, made)
        with pytest.raises(ChangeRefusedError) as refused:
            story.begin()
        assert refused.value.reason == "unknown_template"
