"""Tests of definitions for business processes: starts, answers, time, control, and what is expected of them."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from tests.core.spec import action, template
from tests.core.test_scenarios import verdict, wrong

COUNT = {"code": "count", "type": "int", "default": 0}
WAIT = action("bp_wait", "rest", interval_days=2)
TASK = action("create_task", "task", title="Call {{field:title}}")
REACHED = action("bp_wait_for_deal_stage", "stage", stages=["assembly"])
START = {"start": {"template": "process"}}
CHOICE = {
    "id": "choice",
    "type": "if",
    "branches": [{"title": "Big", "when": {"var": "count", "op": "gt", "value": 3}, "steps": [WAIT]}],
}
ADD = {"id": "add", "type": "set", "values": {"count": 5}}
TWICE = {"id": "again", "type": "while", "condition": {"var": "count", "op": "lt", "value": 5}, "steps": [ADD]}
MAKES = {"question": "create_task"}
ON_ADD = {"autostart_on_add": True, "params": [{"code": "n", "type": "int", "required": True}]}
STOPS = {**TASK, "on_error": {"then": "stop"}}


def outcomes(**found: str) -> dict[str, Any]:
    """Return the expectation of a process, and of its steps by their ids."""
    steps = {f"step/process/{name}": outcome for name, outcome in found.items() if name != "process"}
    return {"outcomes": {"process/process": found["process"], **steps}}


PASSING: list[tuple[m.Template, list[Any], dict[str, Any]]] = [
    (template(WAIT), [{"comment": "x"}], outcomes(process="none", rest="none")),
    (template(WAIT), [START], outcomes(process="running", rest="waiting")),
    (template(WAIT), [START, {"wait": "1d 23h"}], outcomes(process="running", rest="waiting")),
    (
        template(WAIT),
        [START, {"wait": "2d"}],
        {**outcomes(process="completed", rest="completed"), "results": {"process/rest.ended_by": "timeout"}},
    ),
    (
        template(WAIT),
        [START, {"activity": {"kind": "incoming_call"}}],
        {**outcomes(process="completed"), "results": {"process/rest.ended_by": "client_activity"}},
    ),
    (template(WAIT), [START, {"delete": True}], outcomes(process="cancelled(item_deleted)")),
    (template(TASK), [START], {**outcomes(task="running", process="running"), "effects": [MAKES]}),
    (
        template(TASK),
        [START, {"answer": {"step": "process/task"}}],
        outcomes(process="completed", task="completed"),
    ),
    (
        template(TASK),
        [START, {"answer": {"step": "process/task", "status": "failed", "reason": "busy"}}],
        outcomes(process="completed", task="failed(busy)"),
    ),
    (
        template(STOPS),
        [START, {"answer": {"step": "process/task", "status": "failed", "reason": "busy"}}],
        outcomes(process="running", task="incident(busy)"),
    ),
    (
        template(STOPS),
        [
            START,
            {"answer": {"step": "process/task", "status": "failed", "reason": "busy"}},
            {"control": {"template": "process", "action": "skip", "step": "task"}},
        ],
        outcomes(process="completed"),
    ),
    (template(REACHED), [START], {**outcomes(process="running", stage="running"), "effects": []}),
    (
        template(REACHED),
        [START, {"save": {"stage": "assembly"}}],
        {**outcomes(process="completed"), "results": {"process/stage.reached_stage": "assembly"}},
    ),
    (
        template(CHOICE, variables=[{**COUNT, "default": 4}]),
        [START],
        outcomes(process="running", choice="branch(Big)", rest="waiting"),
    ),
    (template(CHOICE, variables=[COUNT]), [START], outcomes(process="completed", choice="branch(-1)")),
    (
        template(TWICE, variables=[COUNT]),
        [START],
        {**outcomes(process="completed", again="rounds(1)"), "variables": {"process/count": 5, "process/none": None}},
    ),
    (
        template(WAIT),
        [START, {"control": {"template": "process", "action": "stop", "reason": "enough"}}],
        outcomes(process="cancelled(enough)", rest="cancelled(enough)"),
    ),
    (
        template(WAIT),
        [START, {"control": {"template": "process", "action": "pause"}}],
        outcomes(process="paused"),
    ),
    (template(WAIT, **ON_ADD), [{"create": {}}], outcomes(process="not_started(missing_parameters)")),
    (template(WAIT, autostart_on_change=True), [{"save": {"fields": {"title": "x"}}}], outcomes(process="running")),
]  # fmt: skip


@pytest.mark.parametrize(("made", "when", "then"), PASSING, ids=range(len(PASSING)))
def test_steps_and_expectations_of_processes(made: m.Template, when: list[Any], then: dict[str, Any]) -> None:
    """Played by the engine itself, with time that moves on by the day."""
    found = verdict(made, when=when, then=then)
    assert found.passed, found.actual


def test_what_cannot_be_done_is_told() -> None:
    """With the step of the test that was refused."""
    made = template(WAIT)
    for when, reason in (
        ({"start": {"template": "nothing"}}, "unknown_template"),
        ({"control": {"template": "process", "action": "stop"}}, "unknown_process"),
        ({"answer": {"step": "process/rest"}}, "nothing_to_answer"),
    ):
        assert reason in wrong(made, when=[when], then={"stage": "new"})["refused"]
