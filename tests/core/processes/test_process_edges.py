"""Business processes where several things meet: paths that are stopped, holds, retries, sizes, chains (spec 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.effects import ItemAsked
from automation.items.process_changes import StartProcess
from automation.items.sizes import STATE_LIMIT
from automation.items.turn import CHAIN_LIMIT
from automation.processes import constructs
from tests.core.processes.test_control_of_processes import bad
from tests.core.processes.test_engine_of_processes import DESK, FIELDS, TEXT, assign, each, places, wait, while_
from tests.core.spec import Story, action, book_of, deal, pipeline, put, rule, template, trigger
from tests.core.world import World


def race(*paths: list[dict[str, Any]], step_id: str = "race") -> dict[str, Any]:
    """Return paths of which the first to end stops the others."""
    return {"id": step_id, "type": "parallel", "join": "first", "paths": [{"steps": steps} for steps in paths]}


def instance(story: Story) -> Any:
    """Return the only instance."""
    (found,) = story.state.processes.values()
    return found


# --- paths that another one stops ----------------------------------------------------------------------------


def test_a_path_that_was_stopped_in_the_same_turn_does_not_begin() -> None:
    """Its first step was queued already; the process goes on behind the paths once."""
    made = template(race([assign("a", text="a")], [assign("b", text="b"), wait("w")]), wait("z"), variables=[TEXT])
    story = deal(made).begin()
    assert [event.place for event in story.events if isinstance(event, p.VariablesSet)] == ["a"]
    assert story.kinds().count("PathsJoined") == 1
    assert places(story) == ["z"]
    assert story.wake().only(p.ProcessEnded).outcome == "completed"


def test_what_was_open_on_a_stopped_path_is_forgotten() -> None:
    """Paths and loops inside it: in a loop they would gather, round by round."""
    inner = {"id": "inner", "type": "parallel", "paths": [{"steps": [wait("x", 9)]}]}
    slow = each("colour", inner)
    story = deal(FIELDS, template(race([wait("a")], [slow]), wait("z")), colours=("red",)).begin()
    assert (set(instance(story).paths), set(instance(story).loops)) == ({"race", "inner#0"}, {"colour"})
    story.wake()
    assert (instance(story).paths, instance(story).loops, places(story)) == ({}, {}, ["z"])
    assert set(story.only(p.PathsJoined).stopped) == {"inner#0", "colour"}


def test_a_cancelled_step_has_no_results_of_an_earlier_round() -> None:
    """As one that failed (spec 1.7)."""
    paths = race([wait("a", 2)], [wait("b")])
    body = {"id": "again", "type": "while", "condition": DESK, "most": 2, "steps": [paths]}
    story = deal(template(body, wait("z"))).begin().wake()
    assert "b.ended_by" in instance(story).results
    story.control("", "skip", "a#1")
    assert story.only(p.StepCancelled).place == "b#1"
    assert "b.ended_by" not in instance(story).results


# --- holds and retries ---------------------------------------------------------------------------------------


def test_a_retry_by_hand_keeps_its_number_while_it_is_held() -> None:
    """Else it would have the keys of the attempt that failed, and whoever knows them would do nothing."""
    story = deal(template(bad(then="stop"))).begin()
    first = story.only(p.StepFailed).run_id
    story.control("", "pause").control("", "retry", "bad")
    assert (story.only(p.StepHeld).attempt, instance(story).retries) == (1, {"bad": 1})
    story.control("", "resume")
    assert story.only(p.StepFailed).run_id != first
    assert (instance(story).incidents, instance(story).retries) == ({"bad": 1}, {})


def test_a_planned_attempt_does_not_begin_while_the_process_is_paused() -> None:
    """It has its turn when the process goes on, under its own number."""
    story = deal(template(bad(retry=1), wait("z"))).begin()
    planned = story.only(p.StepRetryPlanned)
    story.control("", "pause").wake()
    assert (story.kinds(), story.only(p.StepHeld).attempt) == (["StepHeld"], 1)
    assert (story.state.steps, instance(story).held) == ({}, {"bad": 0})
    story.control("", "resume")
    assert story.only(p.StepFailed).run_id == planned.run_id
    assert places(story) == ["z"]


def test_a_kill_switch_holds_a_planned_attempt() -> None:
    """And it is tried again once the switch is lifted."""
    story = deal(template(bad(retry=1), wait("z"))).begin()
    put(story.book, m.Stop(id="template:process"))
    assert story.wake().kinds() == ["StepHeld"]
    put(story.book, m.Stop(id="template:process"), deleted=True)
    assert story.wake().only(p.StepFailed).place == "bad"


def test_skipping_the_step_that_runs_a_process_ends_that_process() -> None:
    """Nobody waits for it any more."""
    child = template(wait("inside"), name="child")
    story = deal(child, template({"id": "call", "type": "process", "template": "child"}, wait("z"))).begin()
    parent = next(one for one in story.state.processes.values() if not one.parent)
    story.control(parent.instance_id, "skip", "call")
    assert (story.only(p.ProcessEnded).cause, places(story)) == ("skipped_by_hand", ["z"])


def test_a_process_does_not_start_with_a_parameter_that_does_not_fit() -> None:
    """The step fails with its name (spec 6.8)."""
    child = template(wait("inside"), name="child", params=[{"code": "count", "type": "int"}])
    call = {"id": "call", "type": "process", "template": "child", "params": {"count": "{{field:title}}"}}
    story = deal(child, template(call, wait("z"))).begin()
    assert (story.only(p.StepFailed).reason, places(story)) == ("invalid_value:count", ["z"])


# --- what must not break the turn ----------------------------------------------------------------------------


def test_a_step_of_the_process_itself_may_not_make_the_item_too_large() -> None:
    """It fails, and the variable stays as it was; the change that started the process stands."""
    long = "x" * 40_000
    codes = [f"v{number}" for number in range(99)]
    body = assign("grow", text="{{var:text}}" * 10, **dict.fromkeys(codes, "{{var:text}}"))
    made = template(
        while_(DESK, body, most=5, id="loop"), wait("z"),
        variables=[{**TEXT, "default": long}, *({"code": code, "type": "string"} for code in codes)],
    )  # fmt: skip
    story = deal(made).begin()
    while "z" not in places(story):
        story.wake()
    assert sum(len(str(value)) for value in instance(story).variables.values()) < STATE_LIMIT


def test_a_defect_in_a_construct_ends_that_step_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of a plan does (spec 6.8); the change stands."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(constructs, "resolved", broken)
    story = deal(template(assign("a", text="x"), wait("z"), variables=[TEXT])).begin()
    assert (story.only(p.StepFailed).reason, places(story)) == ("internal_error", ["z"])


def test_a_branch_whose_condition_fits_no_longer_is_not_decided() -> None:
    """The step fails by name, instead of what is meant for all other cases being done."""
    gone = {"field": "gone", "op": "eq", "value": "x"}
    made = {"id": "i", "type": "if", "branches": [{"when": gone, "steps": [wait("a")]}], "otherwise": [wait("other")]}
    story = deal(template(made, wait("z"))).begin()
    assert (story.only(p.StepFailed).reason, places(story)) == ("invalid_value:condition", ["z"])


# --- waits ---------------------------------------------------------------------------------------------------


def waiting_for_client() -> World:
    """Return a deal whose process waits, with the deal's contact, who is told of it."""
    contacts = m.Fields(item_type="deal", fields=(m.FieldDef(code="contact", title="Contact", type="string"),))
    world = World(book_of(pipeline(), contacts, template(wait("rest", 9), wait("z"), autostart_on_add=True)))
    world.tell("contact/c", c.CreateItem({"title": "Client"}))
    return world


def test_a_wait_does_not_end_because_the_contact_is_deleted() -> None:
    """That is no activity of the client."""
    world = waiting_for_client().tell("deal/1", c.CreateItem({"title": "Desk", "contact": "c"}))
    assert len(world.state("contact/c").waiters) == 1
    world.tell("contact/c", c.DeleteItem())
    assert [run.place for run in world.state("deal/1").steps.values()] == ["rest"]


def test_a_wait_does_not_end_because_there_is_no_such_contact() -> None:
    """It ends at its moment."""
    world = waiting_for_client().tell("deal/1", c.CreateItem({"title": "Desk", "contact": "nobody"}))
    assert [run.place for run in world.state("deal/1").steps.values()] == ["rest"]
    world.wake("deal/1")
    assert world.events("deal/1", p.StepCompleted)[0].results == {"ended_by": "timeout"}


def test_a_stage_that_a_trigger_leaves_at_once_was_reached_all_the_same() -> None:
    """One that is reached and left later counts (spec 4.28)."""
    watch = trigger("t", "track_field_change", "won", params={"fields": ["title"]})
    waits = action("bp_wait_for_deal_stage", "w", deal_id="2", stages=["assembly"])
    world = World(book_of(pipeline(), watch, template(waits, wait("z"))))
    for item in ("deal/1", "deal/2"):
        world.tell(item, c.CreateItem({"title": "Desk"}))
    world.tell("deal/1", StartProcess("process", {}))
    world.tell("deal/2", c.SaveItem({"title": "Chair"}, stage="assembly"))
    assert world.state("deal/2").stage == "won"
    assert world.events("deal/1", p.StepCompleted)[0].results == {"reached_stage": "assembly"}


def test_a_chain_of_causes_goes_on_from_what_ended_a_wait() -> None:
    """Not from what began it: a wait of any length starts it anew (spec 6.8)."""
    story = deal(template(action("bp_wait_for_deal_stage", "w", deal_id="2", stages=["won"]), wait("z")))
    story.begin()
    asked = story.only(ItemAsked)
    story.when(
        c.ReportOutcome(asked.effect_id, asked.run_id, "completed", "", {"stage": "won"}),
        source="manual", actor="user:bob", root_id="another", depth=7,
    )  # fmt: skip
    begun = next(one for one in story.last.events if isinstance(one.event, p.StepStarted))
    assert (begun.envelope.root_id, begun.envelope.depth) == ("another", 7)


def test_what_is_held_keeps_the_chain_in_which_its_turn_came() -> None:
    """Not the one in which the process began."""
    story = deal(template(wait("a"), wait("b")))
    story.begin()
    story.state = story.state._replace(
        processes={name: _deep(one) for name, one in story.state.processes.items()}
    )  # fmt: skip
    put(story.book, m.Stop(id="template:process"))
    story.wake()
    put(story.book, m.Stop(id="template:process"), deleted=True)
    story.wake()
    assert {recorded.envelope.depth for recorded in story.last.events} == {0}


def _deep(one: Any) -> Any:
    return replace(one, depth=CHAIN_LIMIT)


def test_a_timeout_begins_a_chain_of_its_own() -> None:
    """It has waited (spec 6.8)."""
    asks = action("bp_wait_for_deal_stage", "w", deal_id="2", stages=["won"])
    story = deal(template({**asks, "timeout": {"after": "1d", "steps": [wait("late")]}}))
    story.when(StartProcess("process", {}), depth=CHAIN_LIMIT).wake()
    assert places(story) == ["late"]
    assert {recorded.envelope.depth for recorded in story.last.events} == {0}


def test_rounds_of_loops_count_for_the_limit_of_the_hour() -> None:
    """Loops inside loops could go round for ever with steps that only set variables."""
    few = m.Settings(process_limits=m.ProcessLimits(steps_per_hour=5))
    inner = while_(DESK, assign("add", text="x"), most=100, id="inner")
    story = deal(few, template(while_(DESK, inner, most=100, id="outer"), variables=[TEXT])).begin()
    assert (story.kinds().count("RoundBegan"), story.only(p.StepHeld).due) == (5, 3_600_000)


def test_an_automatic_start_is_caused_by_the_change_whatever_ran_before() -> None:
    """Rules of the new stage have their turn first."""
    note = rule("r", "add_item_comment", "assembly", {"comment": "Hello"})
    story = deal(note, template(wait("a"), autostart_on_change=True))
    story.when(c.SaveItem({}, stage="assembly"))
    started = next(one.envelope for one in story.last.events if isinstance(one.event, p.ProcessStarted))
    assert started.cause_id == started.change_id


def test_an_outcome_that_a_step_does_not_wait_for_does_not_end_it() -> None:
    """One that runs a process waits for its end alone, the next attempt for its moment."""
    story = deal(template(wait("inside"), name="child"), template({"id": "s", "type": "process", "template": "child"}))
    (run,) = (run for run in story.begin().state.steps.values() if run.place == "s")
    story.when(c.ReportOutcome("x", run.run_id, "completed", "", {}))
    assert (story.kinds(), places(story)) == (["EffectAnswered"], ["inside", "s"])

    story = deal(template(bad(retry=1))).begin()
    (run,) = story.state.steps.values()
    assert story.when(c.ReportOutcome("x", run.run_id, "completed", "", {})).kinds() == ["EffectAnswered"]
