"""The action `bp_wait_for_lead_status` (spec 4.29); it shares the wait of 4.28."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from tests.core.catalogue.stage_waits import outcome, start, world_with
from tests.core.spec import action


def wait(**params: Any) -> dict[str, Any]:
    """Return the step."""
    return action("bp_wait_for_lead_status", **{"lead_id": "w", "status": "assembly", **params})


@pytest.mark.parametrize("reached", ["assembly", "won", "lost"])
def test_the_process_goes_on_at_the_status_or_a_final_one(reached: str) -> None:
    """Other statuses change nothing."""
    world = start(world_with(wait(), watched="lead")).tell("lead/w", c.SaveItem({}, stage="invoice_sent"))
    assert outcome(world) == []
    assert outcome(world.tell("lead/w", c.SaveItem({}, stage=reached))) == [{"reached_status": reached}]


def test_a_lead_that_has_the_status_is_not_waited_for() -> None:
    """It goes on at once."""
    world = world_with(wait(status="new"), watched="lead")
    assert outcome(start(world)) == [{"reached_status": "new"}]


def test_the_current_lead_is_the_default() -> None:
    """In a process on leads."""
    world = start(world_with(wait(lead_id=""), runs_on="lead", watched="lead"), "lead/a")
    world.tell("lead/a", c.SaveItem({}, stage="assembly"))
    assert outcome(world, "lead/a") == [{"reached_status": "assembly"}]


def test_an_unknown_or_deleted_lead_fails() -> None:
    """And the process goes on."""
    assert outcome(start(world_with(wait(lead_id="nobody")))) == ["item_not_found"]
    world = start(world_with(wait(), watched="lead")).tell("lead/w", c.DeleteItem())
    assert outcome(world) == ["item_not_found"]
