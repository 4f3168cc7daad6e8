"""What saving a business-process template refuses, and what it warns of (spec 1.7–1.9, 4.22, 4.28, 4.43, 5, 6.8)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions import process_models as pm
from automation.definitions.base import Definition
from automation.definitions.validation import Checked, check, id_of, read
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, action, kind_of, pipeline, template

BASE: tuple[m.Definition, ...] = (
    pipeline(),
    *PEOPLE,
    m.Fields(
        item_type="deal",
        fields=(
            m.FieldDef(code="client", title="Client name", type="string"),
            m.FieldDef(code="tags", title="Tags", type="list"),
            m.FieldDef(code="orders", title="Orders", type="string", multiple=True),
        ),
    ),
)


def ids(*made: Definition) -> dict[tuple[str, str], Definition | None]:
    """Return definitions by kind and id."""
    return {(kind_of(one), id_of(one)): one for one in made}


def saved(*made: Definition) -> Checked:
    """Check templates that are saved on top of a company with one pipeline."""
    return check(CATALOGUE, TENANT, ids(*BASE), ids(*made))  # type: ignore[arg-type]


def flaws(*steps: dict[str, Any], **more: Any) -> list[tuple[str, str, str]]:
    """Return path, rule and severity of what is wrong with a template of these steps."""
    return [(one.path, one.rule, one.severity) for one in saved(template(*steps, **more)).flaws]


def comment(text: str, step_id: str = "note") -> dict[str, Any]:
    """Return a step whose text may insert anything; tasks need nothing of the item."""
    return action("create_task", step_id, title=text)


def fork(*paths: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return paths side by side."""
    return {"id": "fork", "type": "parallel", "paths": [{"steps": list(steps)} for steps in paths], **more}


def choice(
    *branches: list[dict[str, Any]], otherwise: list[dict[str, Any]] | None = None, step_id: str = "choice"
) -> dict[str, Any]:
    """Return branches that may all be taken."""
    held = [{"when": {"field": "title", "op": "not_empty"}, "steps": steps} for steps in branches]
    return {"id": step_id, "type": "if", "branches": held, "otherwise": otherwise or []}


def loop(*steps: dict[str, Any], step_id: str = "loop", source: str = "{{field:orders}}") -> dict[str, Any]:
    """Return an iterator."""
    return {"id": step_id, "type": "bp_iterator", "source": source, "steps": list(steps)}


def again(*steps: dict[str, Any], condition: Any = None) -> dict[str, Any]:
    """Return a loop with a condition."""
    held = condition or {"field": "title", "op": "empty"}
    return {"id": "again", "type": "while", "condition": held, "steps": list(steps)}


WAIT = action("bp_wait", "wait", interval_days=1)
ENDED = "{{result:wait.ended_by}}"
ERROR, WARNING = "error", "warning"


def test_a_template_that_names_what_is_there_has_no_flaw() -> None:
    """Fields, parameters, variables, constants, results, the value of the iterator."""
    made = template(
        WAIT,
        comment(f"{{{{field:client}}}} {{{{param:days}}}} {{{{var:count}}}} {{{{const:site}}}} {ENDED}"),
        {"id": "s", "type": "set", "values": {"count": "{{param:days}}"}},
        loop(comment("{{iterator}} of {{result:loop.value}}", "each")),
        {"id": "run", "type": "process", "template": "other", "params": {"who": "{{field:responsible}}"}},
        comment("{{result:run.found}}", "last"),
        params=[{"code": "days", "type": "int", "default": 3}],
        variables=[{"code": "count", "type": "int", "default": 0}],
        constants=[{"code": "site", "type": "string", "value": "https://acme.test"}],
    )
    other = template(
        {"type": "end"},
        name="other",
        params=[{"code": "who", "type": "user", "required": True}],
        variables=[{"code": "found", "type": "string"}],
        results=["found"],
    )
    assert saved(made, other).flaws == ()


DECLARED: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    ({"item_type": "ship"}, ("item_type", "unknown_item_type", ERROR)),
    ({"item_type": "spa_item"}, ("item_type", "unknown_item_type", ERROR)),
    (
        {"params": [{"code": "n", "type": "int", "default": "many"}]},
        ("params[0].default", "invalid_value", ERROR),
    ),
    (
        {"variables": [{"code": "n", "type": "date", "default": "{{field:client}}"}]},
        ("variables[0].default", "invalid_value", ERROR),
    ),
    (
        {"variables": [{"code": "n", "type": "user", "multiple": True, "default": ["ann", 1]}]},
        ("variables[0].default", "invalid_value", ERROR),
    ),
    ({"constants": [{"code": "n", "type": "money", "value": 5}]}, ("constants[0].value", "invalid_value", ERROR)),
    ({"constants": [{"code": "n", "type": "int", "value": None}]}, ("constants[0].value", "invalid_value", ERROR)),
    ({"results": ["nothing"]}, ("results[0]", "unknown_variable", ERROR)),
    ({"condition": {"field": "height", "op": "empty"}}, ("condition.field", "condition", ERROR)),
    ({"condition": {"param": "n", "op": "empty"}}, ("condition.param", "condition", ERROR)),
    ({"condition": {"changed": "title"}, "autostart_on_add": True}, ("condition.changed", "condition", ERROR)),
    ({"condition": {"changed": "x"}, "autostart_on_change": True}, ("condition.changed", "condition", ERROR)),
    (
        {"autostart_on_add": True, "params": [{"code": "n", "type": "int", "required": True}]},
        ("params[0].default", "missing_parameters", WARNING),
    ),
]


@pytest.mark.parametrize(
    ("more", "flaw"), DECLARED, ids=[f"{flaw[0]}-{flaw[1]}-{at}" for at, (_, flaw) in enumerate(DECLARED)]
)
def test_what_a_template_declares_is_checked(more: dict[str, Any], flaw: tuple[str, str, str]) -> None:
    """Item type, defaults, constants, results, the condition of automatic starts."""
    assert flaws({"type": "end"}, **more) == [flaw]


def test_a_start_on_change_may_compare_what_changed() -> None:
    """Alone in the condition of the template: its steps have no change in view."""
    rises = {"new": "amount", "op": "gt", "value": {"old": "amount"}}
    assert flaws({"type": "end"}, condition=rises, autostart_on_change=True) == []
    branch = {"id": "branch", "type": "if", "branches": [{"when": rises, "steps": [WAIT]}]}
    assert {path for path, _, _ in flaws(branch, autostart_on_change=True)} >= {"steps[0].branches[0].when.new"}


def test_documents_outside_the_crm_have_processes() -> None:
    """Posts of the feed and files of the drive, with what needs no item (spec 1.1)."""
    for item_type in pm.DOCUMENTS:
        assert flaws(comment("x"), item_type=item_type) == []
        assert flaws(WAIT, item_type=item_type) == [("steps[0].type", "type_not_allowed", ERROR)]
        by_id = action("bp_wait_for_deal_stage", "wait", deal_id="7", stages=["won"])
        assert flaws(by_id, item_type=item_type) == []


def test_a_wait_for_another_items_stage_names_it() -> None:
    """The current item is taken where it is one of those alone (spec 4.28, 4.29)."""
    deal = action("bp_wait_for_deal_stage", "wait", stages=["won"])
    lead = action("bp_wait_for_lead_status", "wait", status="won")

    assert flaws(deal) == flaws(lead, item_type="lead") == []
    assert flaws(deal, item_type="lead") == [("steps[0].params.deal_id", "params", ERROR)]
    assert flaws(lead) == [("steps[0].params.lead_id", "params", ERROR)]


STEPS: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    (action("no_such_action", "a"), ("steps[0].type", "unknown_type", ERROR)),
    (action("track_order_payment", "a"), ("steps[0].type", "unknown_type", ERROR)),
    (action("add_notification", "a", text="x", recipients=["ann"]), ("steps[0].type", "unknown_type", ERROR)),
    (action("create_task", "a"), ("steps[0].params.title", "params", ERROR)),
    (action("create_task", "a", title="x", colour="red"), ("steps[0].params.colour", "params", ERROR)),
    (action("create_task", "a", title="x", responsible="x"), ("steps[0].params.responsible", "unknown_user", ERROR)),
    (action("bp_wait", "a", interval_days=-1), ("steps[0].params.interval_days", "invalid_value", ERROR)),
    (comment("{{field:nothing}}"), ("steps[0].params.title", "params", ERROR)),
    (comment("{{param:nothing}}"), ("steps[0].params.title", "params", ERROR)),
    (comment("{{var:nothing}}"), ("steps[0].params.title", "params", ERROR)),
    (comment("{{const:nothing}}"), ("steps[0].params.title", "params", ERROR)),
    (comment("{{result:note.nothing}}"), ("steps[0].params.title", "params", ERROR)),
    (comment("{{iterator}}"), ("steps[0].params.title", "params", ERROR)),
    (comment("{{No such title}}"), ("steps[0].params.title", "params", ERROR)),
    (choice([comment("{{iterator}}")]), ("steps[0].branches[0].steps[0].params.title", "params", ERROR)),
    (
        fork([WAIT], [choice([], otherwise=[comment("{{var:x}}")])]),
        ("steps[0].paths[1].steps[0].otherwise[0].params.title", "params", ERROR),
    ),
    (
        {**WAIT, "timeout": {"after": "1d", "steps": [comment("{{var:x}}")]}},
        ("steps[0].timeout.steps[0].params.title", "params", ERROR),
    ),
    (
        {**WAIT, "on_error": {"then": "branch", "steps": [comment("{{var:x}}")]}},
        ("steps[0].on_error.steps[0].params.title", "params", ERROR),
    ),
    ({**WAIT, "on_error": {"then": "branch"}}, ("steps[0].on_error.steps", "unused_steps", WARNING)),
    ({**WAIT, "on_error": {"steps": [comment("x")]}}, ("steps[0].on_error.steps", "unused_steps", WARNING)),
    (
        {"type": "if", "branches": [{"when": {"var": "x", "op": "empty"}}]},
        ("steps[0].branches[0].when.var", "condition", ERROR),
    ),
    (again(WAIT, condition={"iterator": "value", "op": "empty"}), ("steps[0].condition.iterator", "condition", ERROR)),
    (loop(comment("x"), source="{{field:nothing}}"), ("steps[0].source", "params", ERROR)),
    (loop(comment("x"), source="a, b"), ("steps[0].source", "one_value", ERROR)),
    (loop(comment("x"), source="{{iterator}}"), ("steps[0].source", "params", ERROR)),
    ({"type": "set", "values": {"nothing": 1}}, ("steps[0].values.nothing", "unknown_variable", ERROR)),
    ({"type": "process", "template": "nowhere"}, ("steps[0].template", "unknown_template", ERROR)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "flaw"), STEPS, ids=[f"{flaw[0]}-{flaw[1]}-{at}" for at, (_, flaw) in enumerate(STEPS)]
)
def test_a_step_that_names_what_is_not_there_is_refused(step: dict[str, Any], flaw: tuple[str, str, str]) -> None:
    """Each flaw with its path in the template."""
    assert flaws(step) == [flaw]


def test_a_value_that_is_no_value_of_the_variable_is_refused() -> None:
    """Literals are tried, results are put in order."""
    variables = [{"code": "n", "type": "int"}]

    assert flaws({"type": "set", "values": {"n": "{{field:amount}}"}}, variables=variables) == []
    assert flaws({"type": "set", "values": {"n": "many"}}, variables=variables) == [
        ("steps[0].values.n", "params", ERROR)
    ]
    assert flaws({"type": "set", "values": {"n": ENDED}}, WAIT, variables=variables) == [
        ("steps[0].values.n", "later_result", ERROR)
    ]


def test_an_action_for_other_items_is_refused() -> None:
    """A repeat lead comes from a deal alone, a pipeline is changed by deals (spec 4.22, 4.34)."""
    step = action("bp_change_pipeline", "a", pipeline="main")
    assert flaws(step) == []
    assert flaws(step, item_type="lead") == [("steps[0].type", "type_not_allowed", ERROR)]


# --- results -------------------------------------------------------------------------------------------------

USES = comment(ENDED)
SEEN = {"result": "wait.ended_by", "op": "eq", "value": "timeout"}
BRANCH: dict[str, Any] = {"type": "if", "branches": [{"when": SEEN, "steps": [WAIT]}]}
ORDERS: list[tuple[list[dict[str, Any]], tuple[str, str] | None]] = [
    ([WAIT, USES], None),
    ([USES, WAIT], ("later_result", ERROR)),
    ([WAIT, choice([USES])], None),
    ([choice([WAIT]), USES], ("maybe_empty_result", WARNING)),
    ([choice([WAIT], [USES])], ("maybe_empty_result", WARNING)),
    ([choice([WAIT], otherwise=[USES])], ("maybe_empty_result", WARNING)),
    ([fork([WAIT], [USES])], ("maybe_empty_result", WARNING)),
    ([fork([WAIT], [comment("x", "y")]), USES], None),
    ([fork([WAIT], [comment("x", "y")], join="first"), USES], ("maybe_empty_result", WARNING)),
    ([fork([choice([WAIT])], [comment("x", "y")]), USES], ("maybe_empty_result", WARNING)),
    ([again(WAIT), USES], ("maybe_empty_result", WARNING)),
    ([again(WAIT, USES)], None),
    ([again(USES, WAIT)], ("maybe_empty_result", WARNING)),
    ([again(choice([USES]), WAIT)], ("maybe_empty_result", WARNING)),
    ([again(fork([USES]), WAIT)], ("maybe_empty_result", WARNING)),
    ([again(WAIT, condition=SEEN)], None),
    ([loop(WAIT), USES], ("maybe_empty_result", WARNING)),
    ([USES, again(WAIT)], ("later_result", ERROR)),
    ([{**WAIT, "timeout": {"after": "1d", "steps": [USES]}}], ("maybe_empty_result", WARNING)),
    ([{**comment("x", "t"), "timeout": {"after": "1d", "steps": [WAIT]}}, USES], ("maybe_empty_result", WARNING)),
    ([action("create_task", "wait", title="{{result:wait.task_id}}")], ("later_result", ERROR)),
    ([again(action("create_task", "wait", title="{{result:wait.task_id}}"))], ("maybe_empty_result", WARNING)),
    ([BRANCH], ("later_result", ERROR)),
    ([again({**BRANCH, "id": "i"})], ("maybe_empty_result", WARNING)),
    ([loop(comment("{{result:loop.value}}", "x")), comment("{{result:loop.value}}")], ("later_result", ERROR)),
    ([loop(loop(comment("{{result:loop.value}}"), step_id="inner"))], None),
    ([loop(comment("x"), source="{{result:loop.value}}")], ("later_result", ERROR)),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "flaw"), ORDERS, ids=range(len(ORDERS)))
def test_results_are_used_when_their_steps_have_run(steps: list[dict[str, Any]], flaw: tuple[str, str] | None) -> None:
    """Later steps are refused, those that need not have run are warned of (spec 6.8)."""
    assert [(rule, severity) for _, rule, severity in flaws(*steps)] == ([flaw] if flaw else [])


# --- ends, starts, circles -----------------------------------------------------------------------------------

END = {"type": "end"}
MOVE = action("bp_change_status", "move", new_status="won")
UNREACHABLE: list[tuple[list[dict[str, Any]], str]] = [
    ([END, WAIT], "steps[1]"),
    ([MOVE, WAIT], "steps[1]"),
    ([action("bp_change_pipeline", "move", pipeline="main"), WAIT], "steps[1]"),
    ([choice([MOVE], otherwise=[{"id": "e", "type": "end"}]), WAIT], "steps[1]"),
    ([fork([MOVE], [comment("x")]), WAIT], "steps[1]"),
    ([choice([MOVE, WAIT])], "steps[0].branches[0].steps[1]"),
]


@pytest.mark.parametrize(("steps", "path"), UNREACHABLE, ids=range(len(UNREACHABLE)))
def test_steps_behind_an_end_are_warned_of(steps: list[dict[str, Any]], path: str) -> None:
    """Behind `end`, `bp_change_status`, `bp_change_pipeline`, and where all branches end so."""
    assert flaws(*steps) == [(path, "unreachable", WARNING)]


def test_steps_that_are_reached_by_another_branch_are_not_warned_of() -> None:
    """One branch without an end is enough; so is a path that may be the first."""
    assert flaws(choice([MOVE]), WAIT) == []
    assert flaws(fork([MOVE], [comment("x")], join="first"), WAIT) == []
    assert flaws(loop(MOVE), WAIT) == []


def test_copies_that_wait_are_warned_of() -> None:
    """Every change starts another one (spec 4.28)."""
    step = action("bp_wait_for_deal_stage", "wait", stages=["won"])

    assert flaws(step, autostart_on_add=True) == []
    assert flaws(step, autostart_on_change=True) == [("steps[0].type", "copies_wait", WARNING)]


def run(name: str, step_id: str = "run", **more: Any) -> dict[str, Any]:
    """Return a step that runs another template."""
    return {"id": step_id, "type": "process", "template": name, **more}


def test_a_run_of_another_template_gives_it_what_it_needs() -> None:
    """Known parameters that fit, the required ones among them; for the same documents, and active."""
    params = [{"code": "n", "type": "int", "required": True}, {"code": "m", "type": "int"}]
    other = template(END, name="other", params=params)

    def found(step: dict[str, Any], callee: m.Definition = other) -> list[tuple[str, str, str]]:
        return [(one.path, one.rule, one.severity) for one in saved(template(step), callee).flaws]

    assert found(run("other", params={"n": 1})) == []
    assert found(run("other")) == [("steps[0].params.n", "missing_parameter", ERROR)]
    assert found(run("other", params={"n": "many"})) == [("steps[0].params.n", "params", ERROR)]
    assert found(run("other", params={"n": 1, "x": 1})) == [("steps[0].params.x", "unknown_parameter", ERROR)]
    assert found(run("other"), template(END, name="other", item_type="lead")) == [
        ("steps[0].template", "type_not_allowed", ERROR)
    ]
    assert found(run("other"), template(END, name="other", active=False)) == [
        ("steps[0].template", "inactive_template", WARNING)
    ]


def test_a_run_that_is_not_waited_for_has_no_results() -> None:
    """They would come too late (spec 1.7)."""
    other = template(END, name="other", variables=[{"code": "found", "type": "string"}], results=["found"])
    uses = comment("{{result:run.found}}")

    assert saved(template(run("other"), uses), other).flaws == ()
    (flaw,) = saved(template(run("other", wait=False), uses), other).flaws
    assert (flaw.path, flaw.message) == ("steps[1].params.title", "unknown result 'run.found'")


def circle(*runs: tuple[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Return the severity of the circle that each template is in."""
    made = [template(*steps, name=name) for name, steps in runs]
    return {one.id: one.severity for one in saved(*made).flaws if one.rule == "process_cycle"}


def test_processes_that_run_each_other_without_a_wait_are_refused() -> None:
    """On each of the circle, and on none that only leads to it."""
    assert circle(("a", [run("a")])) == {"a": ERROR}
    assert circle(("a", [run("b")]), ("b", [choice([run("c")])]), ("c", [run("a")])) == dict.fromkeys("abc", ERROR)
    assert circle(("a", [run("b")]), ("b", [run("b")])) == {"b": ERROR}
    assert circle(("a", [run("b"), run("c", "two")]), ("b", [run("c")]), ("c", [END])) == {}


def test_a_wait_before_the_run_breaks_the_circle() -> None:
    """In its own block or in one around; behind the run, or in a branch, it is none."""
    assert circle(("a", [WAIT, run("a")])) == {"a": WARNING}
    assert circle(("a", [WAIT, choice([run("a")])])) == {"a": WARNING}
    assert circle(("a", [run("b")]), ("b", [WAIT, run("a")])) == {"a": WARNING, "b": WARNING}
    assert circle(("a", [run("a"), WAIT])) == {"a": ERROR}
    assert circle(("a", [choice([WAIT]), run("a")])) == {"a": ERROR}


def test_an_archived_template_breaks_the_circle() -> None:
    """It runs nothing until it is activated, and then the circle is found."""
    there = template(run("b"), name="a")
    found = saved(there, template(run("a"), name="b", status="archived")).flaws

    assert [(one.id, one.rule) for one in found] == [("a", "inactive_template")]
    assert {one.rule for one in saved(there, template(run("a"), name="b")).flaws} == {"process_cycle"}


def test_an_archived_template_is_not_checked() -> None:
    """What it stood on may be gone, as with rules; a draft is checked as if it were active."""
    broken = comment("{{field:nothing}}")
    assert flaws(broken, status="archived") == []
    assert flaws(broken, status="draft") == [("steps[0].params.title", "params", ERROR)]


# --- titles, shape, size -------------------------------------------------------------------------------------


def test_titles_become_codes_when_a_template_is_saved() -> None:
    """In all texts of all steps, those of parameters and variables too; conditions and labels stay as they are."""
    made = template(
        comment("{{Client name}} {{How many days}} {{Found}}"),
        loop(choice([comment("{{Client name}}: {{iterator}}", "each")]), source="{{Orders}}"),
        {"id": "s", "type": "set", "values": {"found": "{{Client name}}"}, "title": "{{Client name}}"},
        params=[{"code": "days", "type": "int", "title": "How many days"}],
        variables=[{"code": "found", "type": "string", "title": "Found"}],
    )
    kept = saved(made).definitions["template", "process"]

    assert isinstance(kept, pm.Template)
    first, each, assigned = kept.steps
    assert first.params == {"title": "{{field:client}} {{param:days}} {{var:found}}"}
    assert each.source == "{{field:orders}}"
    assert each.steps[0].branches[0].steps[0].params == {"title": "{{field:client}}: {{iterator}}"}
    assert assigned.values == {"found": "{{field:client}}"}
    assert assigned.title == "{{Client name}}"
    assert kept.model_copy(update={"steps": ()}) == made.model_copy(update={"steps": ()})


def test_a_title_that_two_names_have_is_refused() -> None:
    """Of a field and a start parameter, for one."""
    params = [{"code": "client", "type": "string", "title": "Client name"}]
    assert flaws(comment("{{Client name}}"), params=params) == [("steps[0].params.title", "params", ERROR)]


def test_errors_of_the_model_have_the_path_as_it_was_written() -> None:
    """Without the names that tell the kinds of steps apart."""
    inner = {"id": "Wrong id", "type": "bp_wait"}
    body = {"id": "t", "item_type": "deal", "steps": [choice([{"id": "x", "type": "end"}, inner])]}

    assert [one.path for one in read("template", body)[1]] == ["steps[0].branches[0].steps[1].id"]
    assert [one.path for one in read("template", {**body, "steps": [WAIT, WAIT]})[1]] == ["steps"]


@pytest.mark.parametrize("depth", [49, 50, 60, 500])
def test_blocks_stand_inside_each_other_up_to_a_limit(depth: int) -> None:
    """50 of them; what is deeper is refused, however deep."""
    steps: list[dict[str, Any]] = [{"id": "inmost", "type": "end"}]
    for at in range(depth):
        steps = [choice(steps, step_id=f"s{at}")]
    made, found = read("template", {"id": "t", "item_type": "deal", "steps": steps})

    assert (made is None, len(found)) == ((True, 1) if depth >= 50 else (False, 0))


def test_a_long_template_is_checked() -> None:
    """200 steps in branches and loops, each with a result of the one before; `bench/` says how long it takes."""
    checked = saved(long_template())
    assert {one.rule for one in checked.flaws} <= {"maybe_empty_result"}


def long_template(count: int = 200) -> pm.Template:
    """Return a template of so many steps, in blocks of ten that are nested in turn."""
    steps: list[dict[str, Any]] = []
    for at in range(count // 10):
        tasks = [comment("{{field:client}} {{Client name}}", f"t{at}_0")]
        tasks += [comment(f"{{{{result:t{at}_{n - 1}.task_id}}}}", f"t{at}_{n}") for n in range(1, 8)]
        inner = choice(tasks, step_id=f"if{at}")
        steps.append(loop(inner, step_id=f"loop{at}"))
    return template(*steps)
