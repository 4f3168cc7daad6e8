"""The demo on a running stack: what it prints is what has happened."""

from __future__ import annotations

import pytest

from automation.items.changes import CreateItem, SaveItem
from services.cli.demo.month import month
from services.cli.demo.story import Plan
from tests.e2e.company import Company

PLAN = Plan(changes=300, seed=5)
pytestmark = pytest.mark.kafka


def test_demo_decides_every_change_and_pays_its_links(company: Company) -> None:
    """A small month runs through to its end: nothing is lost, parked or left unanswered, and payments move items."""
    done = company.shell("demo", "--no-up", "--changes", str(PLAN.changes), "--seed", str(PLAN.seed))

    assert done["changes"] == 300
    assert done["dead_letters"] == {}
    assert done["calls_failed"] == 0
    assert 0 < done["payments_paid"] < done["payments_created"]
    assert set(done["rule_runs"]) >= {"completed", "skipped", "cancelled"}
    assert 0 < sum(done["triggers_fired"].values()) <= done["alerts"] <= done["payments_paid"] + _transfers(PLAN)

    leads, invoices = _starting(PLAN)
    assert done["processes_started"]["lead-qualification"] == leads > 0
    assert done["processes_started"]["invoice-follow-up"] == invoices > 0
    assert done["processes_not_started"] == {}
    ended, waiting = (sum(done[f"processes_{what}"].values()) for what in ("ended", "waiting"))
    assert 0 < ended < ended + waiting == sum(done["processes_started"].values())
    assert done["processes_started"]["onboarding"] > 0
    assert 0 < sum(done["human_tasks_decided"].values()) <= sum(done["human_tasks"].values())

    item = done["moved"][0].removeprefix(f"{company.tenant}/")
    entries = company.get(f"/v1/items/{item}/timeline?limit=200")["entries"]
    kinds = {entry["kind"] for entry in entries}
    assert "stage_changed" in kinds
    assert kinds & {"payment", "invoice_paid"}, kinds
    page = company.call("GET", done["payment_page"][0].partition(done["gateway"])[2])
    assert "Waiting for payment" in page.text


def _transfers(plan: Plan) -> int:
    """Count the invoices of a month that are paid by transfer: an employee says so, and no payment document."""
    saves = [step for step in month(plan) if isinstance(step.change, SaveItem) and step.key.item_type == "invoice"]
    return sum(step.change.stage == "paid" for step in saves)


def _starting(plan: Plan) -> tuple[int, int]:
    """Count the leads and invoices of a month for which a process starts by itself."""
    made = [(step.key.item_type, step.frame.source, step.change) for step in month(plan)]
    created = [one for one in made if isinstance(one[2], CreateItem)]
    leads = [change for kind, source, change in created if (kind, source) == ("lead", "crm_form")]
    return sum(lead.fields["interest"] == "office" for lead in leads), sum(kind == "invoice" for kind, _, _ in created)
