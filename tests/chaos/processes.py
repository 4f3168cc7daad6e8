"""Business processes for the deal stream under chaos: waits with timeouts, loops, paths, retries, sub-processes."""

from __future__ import annotations

import random
from typing import Any

from automation.envelope import stable_id
from automation.items.process_changes import ControlProcess, StartProcess
from tests.core.spec import TENANT, action, template

_COUNT = {"code": "count", "type": "string", "default": ""}
_OTHER = {"deal_id": "{{field:contact}}", "stages": ["assembly", "won"]}
"""The id of the deal's contact is that of some other deal, too."""


def _waits(step_id: str, after: str) -> dict[str, Any]:
    """Return a wait for another deal that is given up soon."""
    return {**action("bp_wait_for_deal_stage", step_id, **_OTHER), "timeout": {"after": after}}


def templates() -> list[Any]:
    """Return the templates: one starts on add, one on a change, one by hand, one is run by another."""
    more = {"id": "more", "type": "set", "values": {"count": "{{var:count}}x"}}
    loop = {"id": "round", "type": "while", "condition": {"var": "count", "op": "ne", "value": "xx"}, "steps": [more]}
    child = {"id": "child", "type": "process", "template": "child", "params": {"word": "{{field:title}}"}}
    paths = [{"steps": [_waits("there", "3s"), child]}, {"steps": [loop, action("bp_wait", "rest", interval_days=1)]}]
    fail = {**action("bp_change_status", "fail", new_status="nowhere"), "on_error": {"retry": 2, "retry_after": "1s"}}
    small = {"field": "amount", "op": "lt", "value": {"minor": 900_000, "currency": "EUR"}}
    move = action("bp_change_status", "move", new_status="lost")
    choice = {"id": "which", "type": "if", "branches": [{"when": small, "steps": [move]}]}
    turns = action("bp_change_responsible", "turns", new_responsible=["user:ann", "user:boss"], selection="in_order")
    ask = {
        **action("request_approval", "ask", title="{{field:title}}", assignees=["department:sales"]),
        "timeout": {"after": "2s"},
    }
    block = action("bp_add_to_exceptions", "block")
    incident = {**action("bp_change_status", "stuck", new_status="nowhere"), "on_error": {"then": "stop"}}
    return [
        template({"id": "both", "type": "parallel", "paths": paths, "join": "first"}, fail, name="follow",
                 autostart_on_add=True, variables=[_COUNT]),
        template(_waits("soon", "2s"), turns, ask, choice, name="react", autostart_on_change=True, condition=small),
        template(block, name="block", item_type="contact", autostart_on_change=True),
        template(incident, _waits("then", "1s"), name="byhand"),
        template(_waits("inner", "1s"), {"id": "say", "type": "set", "values": {"word": "{{param:word}}!"}},
                 name="child", params=[{"code": "word", "type": "string"}],
                 variables=[{"code": "word", "type": "string"}], results=["word"]),
    ]  # fmt: skip


class ByHand:
    """Draws what people do: they start processes, and do things with those that they started."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.started: dict[str, list[str]] = {}

    def one(self, item: str, change_id: str) -> StartProcess | ControlProcess:
        """Return a change for a deal."""
        known = self.started.setdefault(item, [])
        if not known or self.rng.random() < 0.4:
            known.append(stable_id("instance", f"{TENANT}/deal/{item}", "byhand", change_id))
            return StartProcess("byhand", {})
        act, place = self.rng.choice(
            [("pause", ""), ("resume", ""), ("retry", "stuck"), ("skip", "stuck"), ("skip", "then"), ("stop", "")]
        )
        return ControlProcess(self.rng.choice(known), act, place)
