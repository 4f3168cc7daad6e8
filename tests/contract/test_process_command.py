"""`stagewire process` on a served gateway: what it sends, and what it prints in 80 columns."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from click.testing import CliRunner, Result

from automation.items.process_changes import ControlProcess
from services.cli.commands.process import COMMAND
from tests.contract.test_gateway_processes import ROUND, Deal, define
from tests.gateway_world import World, world

__all__ = ["world"]


@pytest.fixture
def served(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The gateway behind a port, found by the command through its environment."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, lifespan="off", log_config=None, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    monkeypatch.setenv("STAGEWIRE_API_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
    monkeypatch.setenv("STAGEWIRE_API_KEY", world.keys["acme"])
    yield world
    server.should_exit = True
    thread.join()


def run(*arguments: str, fails: bool = False) -> Result:
    """Run the command; every line of what it shows fits."""
    result = CliRunner().invoke(COMMAND, arguments)
    assert (result.exit_code != 0) == fails, result.output
    if not fails and "--json" not in arguments:
        assert max(map(len, result.output.splitlines()), default=0) <= 80, result.output
    return result


def told(*arguments: str) -> Any:
    """Return what the command says as JSON."""
    return json.loads(run(*arguments, "--json").output)


async def test_a_process_is_started_with_values_of_the_types_of_its_form(served: World):
    """Amounts, numbers and several people as people write them; what is wrong is named."""
    await define(served, ROUND)
    given = ("-p", "days=3", "-p", "budget=12.50 EUR", "-p", "who=ann,boss")
    assert told("start", "round", "deal/d1", *given, "--wait", "0", "--user", "ann")["status"] == "taken"
    change = served.outbox.letters[-1].change
    assert (change.params["budget"].minor, change.params["who"]) == (1_250, ("ann", "boss"))
    assert "taken" in run("start", "round", "deal/d1", "-p", "days=3", "--wait", "0").output
    assert "params.days: is required" in run("start", "round", "deal/d1", fails=True).output
    assert "days, budget" in run("start", "round", "deal/d1", "-p", "moon=3", fails=True).output
    assert "not a number" in run("start", "round", "deal/d1", "-p", "days=x", fails=True).output
    assert "type/id" in run("start", "round", "deal", fails=True).output


async def test_processes_are_listed_shown_and_explained(served: World):
    """By the beginning of the id; the log has the condition of the branch with its value."""
    await define(served, ROUND)
    deal = Deal(served)
    instance = deal.begin()
    for arguments in ((), ("deal/d1",), ("--template", "round"), ("--status", "incident")):
        assert [one["instance_id"] for one in told("list", *arguments)["processes"]] == [instance]
        line = " ".join(run("list", *arguments).output.split())
        assert f"{instance[:8]} round v1 of deal/d1: running, 1 to decide" in line
    shown = run("show", instance[:8]).output
    assert "decide      go go: stage_not_in_pipeline" in shown
    log = " ".join(run("log", instance).output.split())
    assert "no Large: field:title eq Large, was Small" in log
    assert "go: failed (stage_not_in_pipeline)" in log

    before = deal.story.state.version
    deal.when(ControlProcess(instance, "skip", "go"))
    assert "at step     rest Rest a little until" in run("show", instance).output
    assert told("show", instance, "--version", str(before))["incidents"]
    assert [line["kind"] for line in told("log", instance)][-2:] == ["resolved", "step"]
    assert "no process has the id" in run("show", "f" * 32, fails=True).output


async def test_each_control_is_sent(served: World):
    """With the author, the place and the values given."""
    await define(served, ROUND)
    instance = Deal(served).begin()
    for arguments in (
        ("stop", instance, "--reason", "no use"), ("pause", instance), ("resume", instance), ("retry", instance),
        ("skip", instance, "--place", "go"), ("set", instance, "n=4"),
    ):  # fmt: skip
        run(*arguments, "--wait", "0", "--user", "ann")
        assert (served.outbox.letters[-1].change.action, served.outbox.letters[-1].frame.actor) == (
            arguments[0], "user:ann"
        )  # fmt: skip
    assert served.outbox.letters[-1].change.variables == {"n": 4}
    assert "variables.moon" in run("set", instance, "moon=text", fails=True).output


async def test_incidents_are_listed_and_decided_on_after_a_preview(served: World):
    """The preview names what to begin with."""
    await define(served, ROUND)
    Deal(served).begin()
    listed = " ".join(run("incidents", "--template", "round").output.split())
    assert "round at go of deal/d1: stage_not_in_pipeline" in listed
    assert "1 in all; begin with --resolve retry --upto" in run("incidents", "--resolve", "retry").output
    upto = told("incidents", "--resolve", "retry")["upto"]
    assert "retry 1, running" in run("incidents", "--resolve", "retry", "--upto", str(upto)).output


async def test_a_dry_run_tells_the_way_to_the_first_wait(served: World):
    """With the conditions on it; or what is missing."""
    await define(served, ROUND)
    Deal(served)
    shown = " ".join(run("dry-run", "round", "deal/d1", "-p", "days=1").output.split())
    assert "round v1 would start" in shown
    assert "no Large: field:title eq Large, was Small" in shown
    assert "would not start: missing_parameters: days" in run("dry-run", "round", "deal/d1").output
    assert not told("dry-run", "template/round", "deal/d1")["starts"]
    assert not served.outbox.letters
