"""Why a process went where it went, what a start would lead to, and the form that people fill in."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.definitions.tenant_view import TenantView
from automation.items.evolve import evolve, initial
from automation.items.process_changes import ControlProcess
from automation.processes.explaining import Verdict, why
from automation.processes.form import start_form
from automation.processes.trying import Tried, try_start
from tests.core.spec import Story, action, deal, put, template

WAIT = action("bp_wait", "rest", interval_days=1)
LARGE = {"field": "title", "op": "eq", "value": "Large"}


def view_of(story: Story) -> TenantView:
    """Return what the story's tenant has defined."""
    found = story.book.tenant("acme")
    assert found is not None
    return found


def reasons(story: Story, *turns: Any) -> list[tuple[str, tuple[Verdict, ...]]]:
    """Let turns happen; return each event that has reasons, with them."""
    state, found = story.state, []
    for turn in turns:
        turn()
        for recorded in story.last.events:
            told = why(view_of(story), state, recorded)
            if told is not None:
                found.append((type(recorded.event).__name__, told))
            state = evolve(state, recorded)
    return found


def test_every_condition_of_a_branch_is_judged_with_the_values_of_its_moment() -> None:
    """Those behind the one that was taken, too; the titles are those of the branches."""
    branches = [
        {"title": "Desk", "when": {"field": "title", "op": "eq", "value": "Desk"}, "steps": [WAIT]},
        {"title": "Large", "when": LARGE},
    ]
    story = deal(template({"id": "i", "type": "if", "branches": branches}))
    ((kind, verdicts),) = reasons(story, story.begin)
    assert kind == "BranchTaken"
    assert [(one.title, one.holds) for one in verdicts] == [("Desk", True), ("Large", False)]


def test_each_round_of_a_loop_has_its_reason_and_so_has_its_end() -> None:
    """By the variables as they were before it; an iterator has none."""
    body = {"id": "s", "type": "set", "values": {"n": 2}}
    loop = {"id": "w", "type": "while", "condition": {"var": "n", "op": "lt", "value": 2}, "steps": [body]}
    each = {"id": "each", "type": "bp_iterator", "source": "{{var:who}}", "steps": [{**body, "id": "s2"}]}
    variables = [{"code": "n", "type": "int", "default": 1}, {"code": "who", "type": "user", "multiple": True}]
    story = deal(template(loop, each, variables=variables))
    found = [(kind, one.holds) for kind, verdicts in reasons(story, story.begin) for one in verdicts]
    assert found == [("RoundBegan", True), ("LoopEnded", False)]


def test_the_reason_stays_that_of_the_version_that_the_instance_began_with() -> None:
    """Whatever the template says by now."""
    branches = [{"title": "Large", "when": LARGE}]
    story = deal(template(WAIT, {"id": "i", "type": "if", "branches": branches}))
    story.begin()
    put(story.book, template(WAIT))
    ((_, (verdict,)),) = reasons(story, story.wake)
    assert (verdict.title, verdict.holds) == ("Large", False)


def tried(story: Story, **params: Any) -> Tried:
    """Try the process on the item."""
    view = view_of(story)
    found = view.template_version("process", view.version_in_force("template", "process"))
    assert found is not None
    return try_start(view, story.state, found, params, 5_000)


def test_a_trial_goes_as_far_as_the_first_wait_and_leaves_the_item_as_it_is() -> None:
    """The same as a start would do at that moment."""
    story = deal(template(WAIT))
    before = story.state
    found = tried(story)
    assert [type(one.event).__name__ for _, one, _ in found.states] == ["ProcessStarted", "StepStarted", "WaitNoted"]
    assert (found.refusal, story.state) == ("", before)
    assert found.states[0][0] is before


def test_a_trial_says_why_nothing_would_start() -> None:
    """Missing parameters, the settings, a kill switch, another type of item."""
    params = [{"code": "days", "type": "int", "required": True}]
    story = deal(template(WAIT, params=params, condition=LARGE))
    found = tried(story)
    assert (found.refusal, found.missing, found.condition.verdict) == ("missing_parameters", ("days",), False)
    assert tried(story, days=1).refusal == ""
    put(story.book, m.Stop(id="template:process"))
    assert tried(story, days=1).refusal == "template_stopped"
    put(story.book, m.Settings(business_processes=False))
    assert tried(story, days=1).refusal == "processes_off"
    other = deal(template(WAIT, item_type="lead"))
    assert tried(other).refusal == "unknown_template"


def test_a_process_that_is_over_explains_nothing() -> None:
    """Events of an instance that the state does not know have no reasons."""
    story = deal(template({"id": "i", "type": "if", "branches": [{"when": LARGE}]}, WAIT)).begin()
    taken = next(one for one in story.last.events if type(one.event).__name__ == "BranchTaken")
    assert why(view_of(story), initial(), taken) is None
    story.when(ControlProcess(next(iter(story.state.processes)), "stop"))
    assert why(view_of(story), story.state, taken) is None


def test_a_form_has_a_property_for_each_parameter() -> None:
    """Required is what has no default; nothing else may be given."""
    params = [
        {"code": "a", "type": "date", "required": True},
        {"code": "b", "type": "bool", "required": True, "default": True},
        {"code": "c", "type": "item", "multiple": True, "title": "Items"},
    ]  # fmt: skip
    schema = start_form(template(WAIT, params=params))
    assert (schema["required"], schema["additionalProperties"]) == (["a"], False)
    assert schema["properties"]["a"] == {"type": "string", "format": "date", "title": "a", "x-type": "date"}
    assert schema["properties"]["b"]["default"] is True
    assert (schema["properties"]["c"]["type"], schema["properties"]["c"]["title"]) == ("array", "Items")
