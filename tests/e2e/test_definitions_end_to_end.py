"""The life cycle of definitions from outside: taken to another tenant, versions, kill switch, copies, enrolments.

What is in force in the example company becomes the beginning of a branch, a tenant of its own with a key of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from automation.values import Money
from tests.e2e.company import Company, Item, eventually

pytestmark = pytest.mark.kafka

TENANT = "branch"
PLACE = {"item_type": "deal", "pipeline": "main", "stage": "proposal"}
ROLES = ("--role", "read", "--role", "write", "--role", "define", "--role", "pay")
MANY = 30


class Branch(Company):
    """Another tenant of the same installation: what the command line and the API say to whoever has its key."""

    tenant = TENANT

    def __init__(self, company: Company, key: str) -> None:
        self.home, self.prefix, self._address = company.home, company.prefix, company._address
        self._env = company._env | {"STAGEWIRE_TENANT": TENANT, "STAGEWIRE_API_KEY": key}
        self._own_key = key

    def _key(self) -> str:
        return self._own_key

    def apply(self, folder: Path, *made: dict[str, Any]) -> Any:
        """Apply definitions as a file."""
        file = folder / "made.json"
        file.write_text(json.dumps(made))
        return self.define("apply", str(file))

    def proposed(self, **fields: Any) -> Item:
        """Return a deal that has just come to its proposal."""
        return Item(self, "deal", Money(100, "EUR"), **fields).create(stage="proposal")


def _files(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def _comment(rule: str, text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "rule", "id": rule, "type": "add_item_comment", **PLACE, "params": {"text": text}, **more}


def _comments(item: Item) -> list[str]:
    return [one["facts"]["text"] for one in item.timeline("comment")]


@pytest.fixture(scope="module")
def exported(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that is in force in the company, as files."""
    folder = tmp_path_factory.mktemp("exported")
    written = company.shell("definitions", "export", "--out", str(folder))["files"]
    assert set(written) == {str(file) for file in folder.iterdir()}
    return folder


@pytest.fixture(scope="module")
def branch(company: Company, exported: Path) -> Branch:
    """A tenant that begins with the company's definitions."""
    company.define("apply", str(exported), "--tenant", TENANT)
    return Branch(company, company.shell("keys", "create", "--tenant", TENANT, "--name", "e2e", *ROLES)["key"])


def test_what_was_exported_is_the_same_in_another_tenant(exported: Path, branch: Branch, tmp_path: Path) -> None:
    """Nothing differs, and exporting it again gives the same files."""
    branch.shell("definitions", "diff", str(exported))
    branch.shell("definitions", "export", "--out", str(tmp_path))

    assert _files(tmp_path) == _files(exported)
    assert {"pipeline.yaml", "rule.yaml", "trigger.yaml", "user.yaml", "rates.yaml"} <= set(_files(exported))


def test_rules_of_the_branch_run_on_its_own_items(company: Company, branch: Branch) -> None:
    """Link, mail and a payment by hand as in the company, which sees nothing of it."""
    deal = Item(branch, "deal", Money(2_000_000, "EUR"), email_work="client@home.test")
    deal.create(stage="invoice_sent")
    assert deal.ending("link-mail") == ("completed", "")
    paid = {"status": "paid", "user": "lena"}
    eventually(lambda: branch.call("POST", f"/v1/payments/{deal.link()['payment_id']}", paid).status == 202)
    deal.reach("assembly")

    eventually(deal.alerts)
    assert deal.alerts() == [f"{deal.title}: payment of 20000.00 EUR was paid. Stage: Product assembly."]
    assert [one["item_key"] for one in branch.mails(deal)] == [f"{TENANT}/{deal.path}"]
    assert company.call("GET", f"/v1/items/{deal.path}").status == 404
    assert company.told("ann", deal.title) == []


def test_drafts_versions_archive_and_kill_switch(branch: Branch, tmp_path: Path) -> None:
    """Each entry of the stage shows what was in force by then."""
    branch.apply(tmp_path, _comment("lived", "first", status="draft"))
    assert _comments(branch.proposed()) == []
    branch.define("activate", "rule/lived")
    branch.apply(tmp_path, _comment("lived", "second"))
    deal = branch.proposed()
    assert (deal.ending("lived"), _comments(deal)) == (("completed", ""), ["second"])
    branch.define("activate", "rule/lived", "--version", "2")
    deal = branch.proposed()
    assert (deal.ending("lived"), _comments(deal)) == (("completed", ""), ["first"])

    branch.define("stop", "rule/lived", "--reason", "audit")
    assert branch.proposed().ending("lived") == ("cancelled", "rule_inactive")
    branch.define("resume", "rule/lived")
    assert branch.proposed().ending("lived") == ("completed", "")
    branch.define("archive", "rule/lived")
    deal = branch.proposed()
    assert deal.company.get(f"/v1/items/{deal.path}/runs")["runs"] == []
    found = branch.shell("definitions", "versions", "rule/lived")
    assert [(one["version"], one["made"]["status"]) for one in found] == [
        (5, "archived"), (4, "active"), (3, "active"), (2, "active"), (1, "draft"),
    ]  # fmt: skip


def test_rules_are_copied_to_another_pipeline(branch: Branch) -> None:
    """Drafts under names of their own, whose results are those of the copies; activated, they run there."""
    only = ("--only", "rule/link", "--only", "rule/link-note")
    branch.define("copy", "deal/main", "deal/projects", *only, "--stage", "invoice_sent=building")
    branch.define("activate", "rule/projects-link", "rule/projects-link-note")
    deal = Item(branch, "deal", Money(5_000, "EUR")).create(pipeline="projects", stage="building")

    assert deal.ending("projects-link-note") == ("completed", "")
    assert _comments(deal) == [f"Payment link: {deal.link('projects-link')['payment_link']}"]


def test_an_enrolment_is_previewed_and_cancelled(branch: Branch, tmp_path: Path) -> None:
    """Items that stood there run the new rule, one a second, until it is cancelled; twice does nothing more."""
    deals = [branch.proposed() for _ in range(MANY)]
    branch.apply(tmp_path, _comment("late", "late"))
    preview = eventually(lambda: _preview(branch, "late"))
    assert preview["total"] >= MANY
    assert _comments(deals[0]) == []

    begun = branch.shell("definitions", "enrol", "late", "--run", str(preview["version"]), "--per-second", "1")
    eventually(lambda: _of(branch, begun)["sent"] > 0)
    ended = branch.call("DELETE", f"/v1/enrolments/{begun['id']}").data  # a command takes seconds to start
    assert ended["status"] == "cancelled"
    eventually(branch.at_rest)
    assert 0 < _of(branch, begun)["sent"] < preview["total"]
    assert sum(len(_comments(deal)) for deal in deals) <= _of(branch, begun)["sent"]


def _preview(branch: Branch, rule: str) -> Any:
    reply = branch.call("POST", f"/v1/rules/{rule}/enrolments/preview", {})
    return reply.data if reply.status == 200 else None


def _of(branch: Branch, enrolment: Any) -> Any:
    return branch.get(f"/v1/enrolments/{enrolment['id']}")
