"""The engine of business processes: sequence, branches, paths, loops, sub-processes, variables (spec 1.3, 4.43)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.saved import DefinitionSaved
from automation.definitions.tenant_view import EVERYWHERE
from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.effects import NotificationRequested
from automation.processes.engine import PAUSE_MS, PORTION
from tests.core.spec import Story, action, deal, put, template

DAY = 86_400_000
FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="colours", title="Colours", type="string", multiple=True),
        m.FieldDef(code="note", title="Note", type="string"),
    ),
)


def wait(step_id: str = "wait", days: int = 1) -> dict[str, Any]:
    """Return a step that waits."""
    return action("bp_wait", step_id, interval_days=days)


def assign(step_id: str, **values: Any) -> dict[str, Any]:
    """Return a step that sets variables."""
    return {"id": step_id, "type": "set", "values": values}


def places(story: Story) -> list[str]:
    """Return the places of the steps that wait."""
    return sorted(run.place for run in story.state.steps.values())


def variables(story: Story) -> dict[str, Any]:
    """Return what the last event on variables says."""
    return dict([event for event in story.events if isinstance(event, p.VariablesSet)][-1].values)


def each(step_id: str, *steps: dict[str, Any]) -> dict[str, Any]:
    """Return a loop over the colours of the deal."""
    return {"id": step_id, "type": "bp_iterator", "source": "{{field:colours}}", "steps": list(steps)}


def while_(condition: dict[str, Any], *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a loop with a condition."""
    return {"type": "while", "condition": condition, "steps": list(steps), **more}


DESK = {"field": "title", "op": "eq", "value": "Desk"}
TEXT = {"code": "text", "type": "string", "default": ""}


# --- one after the other, and branches -----------------------------------------------------------------------


def test_steps_run_one_after_the_other() -> None:
    """The second one begins when the first has ended; the instance ends with the last one."""
    story = deal(template(wait("a"), wait("b", 2))).begin()
    assert story.kinds() == ["ProcessStarted", "StepStarted", "WaitNoted"]
    assert places(story) == ["a"]

    story.wake()
    assert story.kinds() == ["StepWoken", "StepCompleted", "StepStarted", "WaitNoted"]
    assert story.only(p.StepCompleted).results == {"ended_by": "timeout"}
    assert (places(story), story.now) == (["b"], 1_000 + DAY)

    story.wake()
    assert story.only(p.ProcessEnded).outcome == "completed"
    assert (story.state.processes, story.state.steps) == ({}, {})


def test_events_of_a_process_say_so() -> None:
    """Actor, source, and on whose behalf (spec 6.4)."""
    story = deal(template(wait("a"))).begin()
    started, step = story.last.events[:2]
    assert (started.envelope.actor, started.envelope.source) == ("user:ann", "manual")
    assert (step.envelope.actor, step.envelope.source) == ("process:process", "business_process")
    assert (step.envelope.on_behalf_of, step.envelope.cause_id) == ("ann", started.envelope.event_id)


def test_the_first_branch_that_holds_is_taken() -> None:
    """Else the one for all other cases."""
    branches = [
        {
            "title": "Big",
            "when": {"field": "amount", "op": "gt", "value": {"minor": 100_000, "currency": "EUR"}},
            "steps": [wait("big")],
        },
        {"when": {"field": "title", "op": "eq", "value": "Desk"}, "steps": [wait("desk")]},
    ]
    made = template({"id": "i", "type": "if", "branches": branches, "otherwise": [wait("other")]}, wait("z"))
    story = deal(made).begin()
    assert (story.only(p.BranchTaken).branch, places(story)) == (1, ["desk"])
    story.wake()
    assert places(story) == ["z"]

    assert places(deal(made, title="Chair").begin()) == ["other"]


def test_a_branch_without_steps_leads_on() -> None:
    """As does none that holds."""
    empty = {"id": "i", "type": "if", "branches": [{"when": {"field": "title", "op": "eq", "value": "Desk"}}]}
    assert places(deal(template(empty, wait())).begin()) == ["wait"]
    other = deal(template(empty, wait()), title="Chair").begin()
    assert (other.only(p.BranchTaken).branch, places(other)) == (-1, ["wait"])


def test_end_ends_the_process_with_all_that_runs_in_it() -> None:
    """Other paths, too."""
    made = template({"type": "parallel", "paths": [{"steps": [wait("a")]}, {"steps": [{"id": "x", "type": "end"}]}]})
    story = deal(made).begin()
    assert story.kinds()[-2:] == ["StepCancelled", "ProcessEnded"]
    assert story.only(p.ProcessEnded).outcome == "completed"


# --- paths ---------------------------------------------------------------------------------------------------


def test_paths_run_side_by_side_and_are_joined() -> None:
    """The process goes on when the last one has ended."""
    paths = [{"steps": [wait("a")]}, {"steps": [wait("b", 2)]}]
    made = template({"id": "both", "type": "parallel", "paths": paths}, wait("z"))
    story = deal(made).begin()
    assert places(story) == ["a", "b"]
    story.wake()
    assert (story.only(p.PathEnded).path, places(story)) == (0, ["b"])
    story.wake()
    assert story.kinds()[2:5] == ["PathEnded", "PathsJoined", "StepStarted"]
    assert places(story) == ["z"]


def test_the_first_path_may_stop_the_others() -> None:
    """Whatever still waits on them is cancelled."""
    paths = [{"steps": [wait("a")]}, {"steps": [wait("b", 2), wait("c")]}]
    story = deal(template({"id": "race", "type": "parallel", "join": "first", "paths": paths}, wait("z"))).begin()
    story.wake()
    assert (story.only(p.StepCancelled).place, places(story)) == ("b", ["z"])


# --- loops ---------------------------------------------------------------------------------------------------


def test_an_iterator_runs_its_steps_once_for_each_element() -> None:
    """In order; the source is read once, at the start."""
    body = [assign("add", text="{{var:text}}{{iterator}}"), wait("rest")]
    loop = {"id": "each", "type": "bp_iterator", "source": "{{field:colours}}", "steps": body}
    story = deal(FIELDS, template(loop, variables=[TEXT]), colours=("red", "blue")).begin()
    assert (story.only(p.RoundBegan).values, places(story)) == (("red", "blue"), ["rest#0"])

    story.when(c.SaveItem({"colours": ("green",)})).wake()
    assert (variables(story), places(story)) == ({"text": "redblue"}, ["rest#1"])
    story.wake()
    assert story.only(p.LoopEnded).rounds == 2
    assert story.only(p.ProcessEnded).outcome == "completed"


def test_an_empty_list_is_no_round() -> None:
    """Spec 4.43."""
    loop = {"type": "bp_iterator", "source": "{{field:colours}}", "steps": [wait("rest")]}
    story = deal(FIELDS, template(loop, wait("z"))).begin()
    assert (story.only(p.LoopEnded).rounds, places(story)) == (0, ["z"])


def test_loops_inside_loops_have_a_number_at_every_level() -> None:
    """The iterator value is that of the innermost one."""
    inner = each("in", assign("add", text="{{var:text}}{{iterator}}"))
    outer = each("out", inner, assign("dot", text="{{var:text}}."))
    story = deal(FIELDS, template(outer, variables=[TEXT]), colours=("a", "b")).begin()
    assert variables(story) == {"text": "ab.ab."}
    assert "add#1.0" in [event.place for event in story.events if isinstance(event, p.VariablesSet)]


def test_a_loop_repeats_while_its_condition_holds() -> None:
    """It is looked at before every round."""
    loop = while_({"var": "text", "op": "ne", "value": "xxx"}, assign("add", text="{{var:text}}x"))
    story = deal(template(loop, variables=[TEXT])).begin()
    assert (variables(story), story.only(p.LoopEnded).rounds) == ({"text": "xxx"}, 3)


def test_a_loop_that_goes_round_too_often_is_left() -> None:
    """The guard; the responsible is told."""
    loop = while_(DESK, assign("add", text="x"), most=3)
    story = deal(template(loop, wait("z"), variables=[TEXT])).begin()
    ended = story.only(p.LoopEnded)
    assert (ended.rounds, ended.reason, places(story)) == (3, "loop_limit", ["z"])
    assert "NotificationRequested" in story.kinds()


def test_a_turn_does_only_so_many_steps() -> None:
    """The others follow by a timer, at once, so that no other item waits long."""
    loop = while_(DESK, assign("add", text="x"), most=600)
    story = deal(template(loop, wait("z"), variables=[TEXT])).begin()
    held = story.only(p.StepHeld)
    assert (held.due, held.place) == (story.now + PAUSE_MS, f"add#{PORTION - 1}")
    story.wake()
    assert story.kinds()[0] == "StepsReleased"
    assert story.only(p.LoopEnded).rounds == 600


# --- sub-processes -------------------------------------------------------------------------------------------

CHILD = template(
    wait("inside"), assign("say", word="{{param:word}}!"), name="child",
    params=[{"code": "word", "type": "string", "required": True}], variables=[{"code": "word", "type": "string"}],
    results=["word"],
)  # fmt: skip


def call(**more: Any) -> dict[str, Any]:
    """Return a step that runs the child."""
    return {"id": "call", "type": "process", "template": "child", "params": {"word": "{{field:title}}"}, **more}


def test_a_process_runs_another_one_and_uses_its_results() -> None:
    """It waits for the end."""
    made = template(call(), assign("take", text="{{result:call.word}}"), wait("z"), variables=[TEXT])
    story = deal(CHILD, made).begin()
    assert places(story) == ["call", "inside"]
    story.wake()
    assert (variables(story), places(story)) == ({"text": "Desk!"}, ["z"])


def test_a_process_need_not_wait_for_another_one() -> None:
    """Both go on."""
    story = deal(CHILD, template(call(wait=False), wait("z", 9))).begin()
    assert places(story) == ["inside", "z"]
    story.wake()
    assert story.only(p.ProcessEnded).outcome == "completed"
    assert places(story) == ["z"]


def test_stopping_a_process_stops_those_that_it_waits_for() -> None:
    """And a stopped one fails the step that waits."""
    story = deal(CHILD, template(call(), wait("z"))).begin()
    child = next(one for one in story.state.processes.values() if one.parent)
    told = deal(CHILD, template(call(), wait("z"))).begin()
    told.control(child.instance_id, "stop")
    assert (told.only(p.StepFailed).reason, places(told)) == ("process_cancelled", ["z"])

    parent = next(one for one in story.state.processes.values() if not one.parent)
    story.control(parent.instance_id, "stop")
    assert not story.state.processes


@pytest.mark.parametrize(
    ("title", "child", "reason"),
    [
        ("", CHILD, "missing_value:word"),
        ("x", CHILD.model_copy(update={"status": "archived"}), "template_not_found"),
        ("x", template(wait(), name="child", item_type="lead"), "template_not_found"),
        ("x", template(call(), name="child"), "too_many_processes"),
    ],
)
def test_another_process_may_not_start(title: str, child: m.Template, reason: str) -> None:
    """A value is missing, it is not there, it runs on other items, it runs itself."""
    story = deal(child, template(call()), title=title).begin()
    assert reason in [event.reason for event in story.events if isinstance(event, p.StepFailed)]
    assert not story.state.processes


# --- versions ------------------------------------------------------------------------------------------------


def test_a_running_process_finishes_with_the_version_it_began_with() -> None:
    """The template was edited, and then archived (spec 6.3)."""
    story = deal(template(wait("a"), wait("b"))).begin()
    put(story.book, template(wait("a"), wait("c")))
    put(story.book, template(wait("a"), wait("c"), status="archived"))
    story.wake()
    assert places(story) == ["b"]


def test_a_kill_switch_holds_the_next_step() -> None:
    """And lets go when it is lifted."""
    story = deal(template(wait("a"), wait("b"))).begin()
    put(story.book, m.Stop(id="template:process"))
    story.wake()
    assert (story.only(p.StepHeld).place, places(story)) == ("b", [])
    story.wake()
    assert "StepHeld" in story.kinds()
    put(story.book, m.Stop(id="template:process"), deleted=True)
    assert places(story.wake()) == ["b"]


def test_a_kill_switch_that_is_on_for_long_is_looked_at_seldom() -> None:
    """After a minute, then after a quarter of the time that it is on, an hour at most: a day is no flood of events."""
    story = deal(template(wait("a"), wait("b"))).begin()
    begun = story.now + DAY
    put(story.book, m.Stop(id="template:process"), at=begun)
    looks = [begun]
    while looks[-1] < begun + DAY:
        looks.append(story.wake().only(p.StepHeld).due)
    pauses = [later - earlier for earlier, later in pairwise(looks)]
    assert (pauses[0], pauses[-1]) == (60_000, 3_600_000)
    assert pauses == sorted(pauses)
    assert len(pauses) < 50


def test_a_kill_switch_for_everybody_is_looked_at_seldom_too() -> None:
    """It is no definition of the tenant."""
    story = deal(template(wait("a"), wait("b"))).begin()
    since = story.now + DAY - 400_000
    everywhere = DefinitionSaved(
        EVERYWHERE, "stop", "automation", 1, 0, "ops", since, "s", True, False, '{"id":"automation"}'
    )
    story.book.apply(everywhere, story.book.version)
    story.wake()
    assert story.only(p.StepHeld).due - story.now == (story.now - since) // 4 == 100_000


# --- values --------------------------------------------------------------------------------------------------


def test_values_in_view_are_those_of_the_instance() -> None:
    """Start parameters with their defaults, variables, constants, results."""
    made = template(
        assign("all", text="{{param:who}} {{const:what}} {{var:text}}"), wait(),
        params=[{"code": "who", "type": "string", "default": "Ann"}], variables=[{**TEXT, "default": "v"}],
        constants=[{"code": "what", "type": "string", "value": "c"}],
    )  # fmt: skip
    assert variables(deal(made).begin()) == {"text": "Ann c v"}
    assert variables(deal(made).begin(who="Bob")) == {"text": "Bob c v"}


def test_a_value_that_does_not_fit_leaves_the_variable_as_it_was() -> None:
    """And the responsible is told."""
    made = template(
        assign("n", count="{{field:title}}"), wait(), variables=[{"code": "count", "type": "int", "default": 1}]
    )
    story = deal(made).begin()
    assert variables(story) == {}
    assert "invalid_value:count" in story.only(NotificationRequested).text.text
    assert next(iter(story.state.processes.values())).variables == {"count": 1}


# --- limits --------------------------------------------------------------------------------------------------


def test_only_so_many_processes_run_on_an_item_at_once() -> None:
    """One more is refused by hand, and recorded where it would start by itself."""
    few = m.Settings(process_limits=m.ProcessLimits(open=1))
    story = deal(few, template(wait()), template(wait(), name="auto", autostart_on_change=True)).begin()
    with pytest.raises(ChangeRefusedError, match="too_many_processes"):
        story.begin()
    assert story.when(c.SaveItem({"title": "x"})).only(p.ProcessNotStarted).reason == "too_many_processes"


def test_steps_beyond_the_limit_of_an_hour_wait_for_the_next() -> None:
    """Whatever process they are of."""
    few = m.Settings(process_limits=m.ProcessLimits(steps_per_hour=2))
    moves = [action("bp_change_status", f"s{number}", new_status="nowhere") for number in range(3)]
    story = deal(few, template(*moves)).begin()
    assert (story.only(p.StepHeld).place, story.only(p.StepHeld).due) == ("s2", 3_600_000)
    assert story.wake().only(p.ProcessEnded).outcome == "completed"
