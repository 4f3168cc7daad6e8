"""`stagewire human-tasks`: what it sends to the API, and what it shows of the answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.cli.main import main
from tests.gateway_world import World, untouched, world
from tests.http_server import HttpServer

__all__ = ["untouched", "world"]
TAKEN = b'{"change_id": "c1", "status": "taken"}'
SAID = ("--user", "ann", "--comment", "fine")


async def run(server: HttpServer, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run the command against a server."""
    async with server.serving():
        monkeypatch.setenv("STAGEWIRE_API_URL", server.url)
        monkeypatch.setenv("STAGEWIRE_API_KEY", "key")
        return await asyncio.to_thread(CliRunner().invoke, main, ["human-tasks", *arguments])


async def shown(untouched: World, path: str) -> HttpServer:
    """Return a server that answers as the API does to a request."""
    return HttpServer(body=(await untouched.call("GET", path)).body)


@pytest.mark.parametrize(
    ("arguments", "line", "body"),
    [
        (("approve", "t/1", *SAID), "decision", {"decision": "approve"}),
        (("reject", "t/1", *SAID), "decision", {"decision": "reject"}),
        (("acknowledge", "t/1", *SAID), "decision", {"decision": "acknowledge"}),
        (("answer", "t/1", *SAID), "decision", {"decision": "answer", "values": {}}),
        (("delegate", "t/1", "--to", "boss", *SAID), "delegation", {"to": "boss"}),
    ],
)
async def test_what_is_said_is_sent(monkeypatch: pytest.MonkeyPatch, arguments: Any, line: str, body: Any) -> None:
    """In the employee's name, and the change is named."""
    server = HttpServer(body=TAKEN)
    result = await run(server, monkeypatch, *arguments)
    (request,) = server.requests

    assert (result.exit_code, result.output) == (0, "taken c1\n")
    assert request.line == f"POST /v1/human-tasks/t%2F1/{line}?wait=10"
    assert json.loads(request.body) == {"user": "ann", "comment": "fine", **body}


async def test_values_are_read_in_the_types_of_the_form(untouched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the form says that they are."""
    server = await shown(untouched, "/v1/human-tasks/acme-1")
    given = ("--value", "budget=50 EUR", "--value", "days=3", "--json")
    await run(server, monkeypatch, "answer", "acme-1", "--user", "ann", *given)

    sent = json.loads(server.requests[-1].body)["values"]
    assert sent == {"budget": {"minor": 5_000, "currency": "EUR"}, "days": 3}


@pytest.mark.parametrize("value", ["days", "size=L", "days=three"])
async def test_a_value_that_is_none_is_not_sent(untouched: World, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The form is looked at before."""
    server = await shown(untouched, "/v1/human-tasks/acme-1")
    result = await run(server, monkeypatch, "answer", "acme-1", "--user", "ann", "--value", value)
    assert (result.exit_code, len(server.requests)) == (2, 1)


async def test_the_tasks_of_an_employee_are_listed(untouched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One a line, or as JSON."""
    server = await shown(untouched, "/v1/human-tasks")
    listed = await run(server, monkeypatch, "list", "--user", "ann")
    assert "acme-1  open       information  deal/acme-1  canary of acme" in listed.output
    assert server.requests[0].line.startswith("GET /v1/human-tasks?user=ann&")

    assert json.loads((await run(server, monkeypatch, "list", "--json")).output)["tasks"][0]["id"] == "acme-1"


async def test_a_task_is_shown_with_its_form(untouched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And with those whose word is missing."""
    output = (await run(await shown(untouched, "/v1/human-tasks/acme-1"), monkeypatch, "show", "acme-1")).output
    assert "waits for      ann, boss" in output
    assert "asks for       budget (money, required) budget" in output


async def test_what_the_api_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a sentence, and an exit code."""
    fault = {"path": "user", "rule": "not_assigned", "message": "cid is not asked"}
    problem = {"status": 422, "detail": "the change breaks a rule of the record", "errors": [fault]}
    server = HttpServer(422, json.dumps(problem).encode())
    result = await run(server, monkeypatch, "approve", "1", "--user", "cid")
    assert (result.exit_code, "user: cid is not asked" in result.output) == (1, True)
