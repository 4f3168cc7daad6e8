"""The demo on a running stack: what it prints is what has happened."""

from __future__ import annotations

import pytest

from tests.e2e.company import Company

pytestmark = pytest.mark.kafka


def test_demo_decides_every_change_and_pays_its_links(company: Company) -> None:
    """A small month runs through to its end: nothing is lost, parked or left unanswered, and payments move items."""
    done = company.shell("demo", "--no-up", "--changes", "300", "--seed", "3")

    assert done["changes"] == 300
    assert done["dead_letters"] == {}
    assert done["calls_failed"] == 0
    assert 0 < done["payments_paid"] < done["payments_created"]
    assert set(done["rule_runs"]) >= {"completed", "skipped", "cancelled"}
    assert 0 < sum(done["triggers_fired"].values()) <= done["alerts"] <= done["payments_paid"]

    item = done["moved"][0].removeprefix(f"{company.tenant}/")
    entries = company.get(f"/v1/items/{item}/timeline?limit=200")["entries"]
    assert {entry["kind"] for entry in entries} >= {"payment", "stage_changed"}
    page = company.call("GET", done["payment_page"][0].partition(done["gateway"])[2])
    assert "Waiting for payment" in page.text
