"""A business process from outside, on a real Kafka: started over HTTP, watched and decided on from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from automation.values import Money
from tests.e2e.company import Company, Item, eventually

pytestmark = pytest.mark.kafka

TEMPLATE: dict[str, Any] = {
    "id": "e2e-round", "name": "The round", "item_type": "deal",
    "params": [{"code": "days", "title": "Days", "type": "int", "required": True}],
    "variables": [{"code": "target", "type": "string", "default": "nowhere"}],
    "steps": [
        {"id": "large", "type": "if", "title": "Is it large?", "branches": [
            {"title": "Large", "when": {"field": "comments", "op": "eq", "value": "large"}, "steps": [
                {"id": "rest", "type": "bp_wait", "title": "Let it rest",
                 "params": {"interval_days": "{{param:days}}", "comment": "Until it is ripe"}}]}]},
        {"id": "move", "type": "bp_change_status", "title": "Go on", "params": {"new_status": "{{var:target}}"},
         "on_error": {"then": "stop"}},
    ],
}  # fmt: skip


def put(company: Company, **one: Any) -> None:
    """Save or delete the template."""
    made = [{"kind": "template", "id": TEMPLATE["id"], **one}]
    reply = company.call("PUT", "/v1/definitions", {"definitions": made})
    assert reply.status == 200, reply


@pytest.fixture
def defined(company: Company) -> Iterator[Company]:
    """The company with a template; it is gone afterwards."""
    put(company, body=TEMPLATE)
    yield company
    put(company, delete=True)


def test_a_process_waits_fails_and_is_decided_on(defined: Company) -> None:
    """Branch, wait and incident; who did what stands in the log, and any earlier moment can be looked at."""
    deal = Item(defined, "deal", Money(50_000, "EUR"), comments="large").create()
    path = f"/v1/items/{deal.path}/processes"
    refused = defined.call("POST", path, {"template": "e2e-round", "params": {}})
    assert (refused.status, refused.data["errors"][0]["path"]) == (422, "params.days")
    begun = defined.decided(path, {"template": "e2e-round", "params": {"days": 3}, "user": "ann"})
    assert begun.status == 200, begun
    instance = begun.data["instance_id"]

    (listed,) = defined.shell("process", "list", deal.path)["processes"]
    assert (listed["instance_id"], listed["status"], listed["started_by"]) == (instance, "running", "user:ann")
    resting = defined.shell("process", "show", instance[:12])
    assert [one["title"] for one in resting["current"]] == ["Let it rest"]
    (branch, _) = defined.shell("process", "log", instance)
    assert (branch["facts"]["title"], branch["why"][0]["condition"]["actual"]) == ("Large", "large")
    (wait,) = deal.timeline("wait")
    assert (wait["facts"]["comment"], wait["facts"]["open"]) == ("Until it is ripe", True)

    defined.shell("process", "skip", instance, "--place", "rest", "--user", "boss")
    (incident,) = eventually(lambda: defined.shell("process", "incidents", "--template", "e2e-round")["incidents"])
    assert (incident["instance_id"], incident["place"]) == (instance, "move")
    assert incident["reason"] == "stage_not_in_pipeline"
    assert [one["facts"]["closed_by"] for one in deal.timeline("wait")] == ["skipped_by_hand"]

    defined.shell("process", "set", instance, "target=qualified", "--user", "ann")
    defined.shell("process", "retry", instance, "--user", "ann")
    deal.reach("qualified")
    now = eventually(lambda: _ended(defined, instance))
    assert (now["status"], now["incidents"], now["variables"]) == ("completed", [], {"target": "qualified"})
    assert [line["by"] for line in now["log"] if line["kind"] in ("variables", "resolved")] == ["user:ann"] * 2
    assert not defined.shell("process", "incidents", "--template", "e2e-round")["incidents"]

    then = defined.shell("process", "show", instance, "--version", str(resting["version"]))
    assert then == resting
    early = defined.get(f"{path}/{instance}?as_of={incident['raised_at']}")
    assert (early["variables"], early["incidents"][0]["place"]) == ({"target": "nowhere"}, "move")
    assert json.dumps(early["log"][:1]) == json.dumps(now["log"][:1])


def _ended(company: Company, instance: str) -> Any:
    found = company.shell("process", "show", instance)
    return found if found["ended_at"] else None
