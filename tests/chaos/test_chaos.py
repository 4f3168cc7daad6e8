"""A short run with every kind of fault, and the proof that the harness sees a worker without fences."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.plan import Plan
from tests.chaos.run import run

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]


async def test_every_kind_of_fault_leaves_histories_whole(tmp_path: Path) -> None:
    """Nothing lost, doubled, out of order, early or made up; each fault is seen to happen."""
    report = await run(Plan(seconds=40, faults=len(FAULTS), rate=150, seed=11), tmp_path, print)
    assert not report.verdict.bad, report.verdict.examples
    assert set(report.fired) == set(FAULTS)
    assert report.verdict.counted["timers"] > 100


@pytest.mark.parametrize("mutant", ["id-per-process", "one-producer"])
async def test_workers_that_do_not_fence_each_other_are_found_out(tmp_path: Path, mutant: str) -> None:
    """With transactional ids per process a paused worker's transaction commits beside that of the new owner."""
    plan = Plan(seconds=24, faults=3, rate=300, seed=2, only=("pause",), mutant=mutant)
    report = await run(plan, tmp_path, print)
    assert report.verdict.bad
