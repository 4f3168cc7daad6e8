"""The action `bp_change_pipeline` (spec 4.34)."""

from __future__ import annotations

from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from tests.core.spec import Story, action, deal, pipeline, put, rule, template

OTHER = pipeline("deal", "other", default=False)
LEAVE = template(action("bp_change_pipeline", pipeline="other"), action("bp_wait", interval_days=1), name="leave")


def busy() -> Story:
    """Return a deal with a delayed rule, a running one, and a process that waits."""
    delayed = rule("delayed", "add_item_comment", "new", {"text": "x"}, delay=60_000, run_mode="parallel")
    running = rule("running", "create_task", "new", {"title": "x"}, run_mode="parallel")
    arrival = rule("hello", "add_item_comment", "new", {"text": "Hello"}, pipeline="other")
    made = deal(OTHER, delayed, running, arrival, template(action("bp_wait", interval_days=1)), LEAVE)
    return made.begin()


def test_all_that_runs_on_the_deal_stops_and_the_rules_of_the_new_stage_run() -> None:
    """The caller is completed, other processes and rules are cancelled, with the cause."""
    story = busy().begin("leave")
    ended = [event for event in story.events if isinstance(event, p.ProcessEnded)]
    assert [(event.outcome, event.cause) for event in ended] == [("completed", ""), ("cancelled", "pipeline_changed")]
    cancelled = {event.rule_id: event.cause for event in story.events if isinstance(event, e.RuleRunCancelled)}
    assert cancelled == {"running": "pipeline_changed", "delayed": "stage_left"}
    moved = story.only(e.PipelineChanged)
    assert (moved.to_pipeline, moved.to_stage, moved.automated) == ("other", "new", True)
    assert story.only(e.CommentAdded).text.text == "Hello"
    assert (story.state.processes, story.state.steps, story.state.runs) == ({}, {}, {})


def test_an_answer_to_what_was_stopped_goes_no_further() -> None:
    """It is recorded (spec 6.1)."""
    story = busy()
    asked = next(run for run in story.state.runs.values() if run.status == "running")
    story.begin("leave").when(c.ReportOutcome(asked.awaiting[0], asked.run_id, "completed", "", {}), source="system")
    assert story.kinds() == ["EffectAnswered"]


def test_the_same_pipeline_is_no_change_and_stops_nothing() -> None:
    """The process goes on."""
    story = busy().run("bp_change_pipeline", pipeline="main")
    assert story.only(p.StepSkipped).reason == "no_change"
    assert len(story.state.processes) == 1


def test_an_unknown_pipeline_fails_and_stops_nothing() -> None:
    """Inserted values may be anything."""
    story = busy().run("bp_change_pipeline", pipeline="{{field:title}}")
    assert story.only(p.StepFailed).reason == "pipeline_not_found"
    assert len(story.state.processes) == 1


def test_the_loop_guard_refuses_the_fifty_first_move_of_an_hour() -> None:
    """Spec 6.1."""
    back = template(action("bp_change_pipeline", pipeline="main"), name="back")
    story = deal(OTHER, LEAVE, back)
    for _ in range(25):
        story.begin("leave").begin("back")
    assert story.begin("leave").only(p.StepFailed).reason == "loop_detected"


def test_processes_of_other_items_go_on() -> None:
    """Only those of the deal stop."""
    story = deal(OTHER, LEAVE)
    put(story.book, template(action("bp_wait", interval_days=1)))
    other = Story(story.book).when(c.CreateItem({"title": "x"})).begin()
    story.begin("leave")
    assert other.state.processes
