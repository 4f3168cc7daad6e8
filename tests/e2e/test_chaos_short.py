"""All services that write, broken for half a minute, and then compared: the short form of `make chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.plan import Plan
from tests.chaos.run import run

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]


async def test_the_whole_stack_neither_loses_nor_doubles_while_its_processes_are_killed(tmp_path: Path) -> None:
    """Every log is as its model says, every effect was performed once or is told to be unknown, the index is whole."""
    plan = Plan(seconds=36, faults=7, rate=60, seed=5, stack=True)
    report = await run(plan, tmp_path, print)
    assert not report.verdict.bad, (str(report), report.verdict.examples)
    assert report.fired.total() == plan.faults
    counted = report.verdict.counted
    assert min(counted[what] for what in ("deals events", "payments events", "notifier effects")) > 20, counted
