"""The command line on a real broker: everything up, definitions, changes, a killed worker, an import, all down."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.edge.broker import RunningBroker

pytestmark = pytest.mark.kafka
EXAMPLES = Path(__file__).parents[2] / "examples" / "import"
COMPANY = """
kind: pipeline
id: main
item_type: deal
title: Main
default: true
stages:
  - {id: new, title: New}
  - {id: qualified, title: Qualified}
  - {id: won, title: Won, kind: final_success}
  - {id: lost, title: Lost, kind: final_failure}
---
kind: rule
id: note
type: add_item_comment
item_type: deal
pipeline: main
stage: won
params: {text: "Won {{Amount}}"}
"""


class Shell:
    """Runs `stagewire` with a home and topics of its own."""

    def __init__(self, home: Path, bootstrap: str) -> None:
        self.home = home
        own = {
            "STAGEWIRE_HOME": str(home),
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "STAGEWIRE_TOPIC_PREFIX": f"c{uuid.uuid4().hex[:8]}.",
            "STAGEWIRE_PARTITIONS": "2",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("STAGEWIRE_", "KAFKA_"))}
        self._env = kept | own

    def run(self, *args: str, code: int = 0) -> str:
        """Return what a command prints; its exit code must be as expected."""
        done = self._call(*args)
        assert done.returncode == code, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.logs()}"
        return done.stdout + (done.stderr if code else "")

    def _call(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *args],
            env=self._env, cwd=self.home, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def json(self, *args: str, code: int = 0) -> Any:
        """Return the JSON that a command prints."""
        return json.loads(self.run(*args, "--json", code=code))

    def status(self) -> Any:
        """Return the status once all is ready: a busy service may be late to say so."""

        def ready() -> Any:
            done = self._call("status", "--json")
            return done.returncode == 0 and json.loads(done.stdout)

        return self.until(ready)

    def pids(self) -> dict[str, int]:
        """Return the processes of the services."""
        return {unit["name"]: unit["pid"] for unit in self.status()["services"]}

    def until(self, ask: Callable[[], Any]) -> Any:
        """Ask until the answer is not empty, and return it; fails after two minutes."""
        end = time.monotonic() + 120
        while not (found := ask()):
            assert time.monotonic() < end, self.logs()
        return found

    def logs(self) -> str:
        """Return the last lines of every log, for the message of a failure."""
        folder = self.home / "logs"
        return "\n".join("\n".join([p.name, *p.read_text().splitlines()[-3:]])[:1_500] for p in folder.glob("*.log"))

    def events(self, item: str) -> list[str]:
        """Return the types of an item's events, from the log."""
        lines = self.run("tail", "events", "--no-follow", "--json", "--item", item).splitlines()
        return [json.loads(line)["kind"] for line in lines]


@pytest.fixture(scope="module")
def shell(broker: RunningBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A stack that is up with the example company, and down afterwards whatever happened."""
    made = Shell(tmp_path_factory.mktemp("cli"), broker.bootstrap)
    (made.home / "company.yaml").write_text(COMPANY)
    try:
        made.up = made.json("up")
        made.json("definitions", "apply", "company.yaml")
        yield made
    finally:
        made.run("down")


def test_up_brings_every_service_to_readiness(shell):
    """All six, and a second `up` leaves them running."""
    services = {"deal_stream-1", "payment_tracker", "notifier", "history", "live_views", "gateway"}
    assert set(shell.up["units"]) == services
    pids = shell.pids()
    assert set(pids) == services
    shell.json("up")
    assert shell.pids() == pids


def test_secrets_are_readable_by_their_owner_alone(shell):
    """Files of mode 0600 in the home, and in no log."""
    files = list((shell.home / "secrets").iterdir())
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert not any(path.read_text() in log.read_text() for path in files for log in shell.home.glob("logs/*.log"))


def test_a_change_runs_the_rules_of_the_saved_definitions(shell):
    """Created, moved, and the rule of the stage has commented: with the definitions applied a moment ago."""
    shell.run("send", "deal/1", "--create", "--field", "amount=20 EUR")
    shell.until(lambda: shell.events("acme/deal/1"))  # the first one may outlast `--wait`
    (moved,) = [shell.json("send", "deal/1", "--stage", "won", "--wait")]
    assert [event["type"] for event in moved["events"]] == ["StageMoved", "CommentAdded", "RuleRunCompleted"]
    assert shell.events("acme/deal/1")[0] == "ItemCreated"


def test_applying_the_same_files_again_saves_nothing(shell):
    """Titles resolved to codes do not look like changes."""
    assert shell.json("definitions", "apply", "company.yaml") == {
        "version": shell.json("definitions", "apply", "company.yaml")["version"],
        "added": [], "changed": [], "deleted": [],
    }  # fmt: skip
    shell.run("definitions", "diff", "company.yaml")


def test_what_is_wrong_is_refused_before_it_is_sent(shell):
    """An unknown stage, a type that no items are of, and a definition with two faults at once."""
    assert "unknown_stage" in shell.run("send", "deal/1", "--stage", "moon", code=1)
    assert "no items are of type 'boat'" in shell.run("send", "boat/1", "--create", code=1)
    (shell.home / "bad.yaml").write_text(
        "kind: rule\nid: bad\ntype: add_item_comment\nitem_type: deal\npipeline: main\nstage: moon\n"
    )
    assert [fault["line"] for fault in shell.json("definitions", "apply", "bad.yaml", code=1)["faults"]] == [6, 1]


def test_a_change_of_an_unknown_item_is_told_as_refused(shell):
    """It lies in the dead letters, and the sender who waits is told why."""
    asked = shell.home / "change.json"
    asked.write_text('{"item": "deal/none", "kind": "save", "stage": "won"}')
    assert shell.json("send", "--file", str(asked), "--wait", code=1)["refused"] == "unknown_item"
    assert shell.status()["dead_letters"] == 1


def test_a_killed_worker_is_started_again_and_loses_nothing(shell):
    """The change is sent while no engine runs, and is decided once it is back."""
    worker = shell.pids()["deal_stream-1"]
    os.killpg(worker, signal.SIGKILL)
    shell.json("send", "deal/killed", "--create")
    shell.until(lambda: shell.events("acme/deal/killed"))
    assert shell.events("acme/deal/killed") == ["ItemCreated"]
    again = next(u for u in shell.status()["services"] if u["name"] == "deal_stream-1")
    assert again["restarts"] == 1
    assert again["pid"] != worker


def test_an_import_is_done_once_and_the_log_agrees_with_everything(shell):
    """People, then deals; a second run from the first row leaves nothing behind it."""
    people, deals = (str(EXAMPLES / name) for name in ("people.csv", "opportunities.csv"))
    assert shell.json("import", people, "--mapping", str(EXAMPLES / "people.yaml"))["saved"] == 9
    mapping = ("--mapping", str(EXAMPLES / "opportunities.yaml"))
    assert shell.json("import", deals, *mapping)["changes"] == 8
    assert shell.json("import", deals, *mapping)["skipped"] == 5
    assert shell.json("import", deals, *mapping, "--restart")["changes"] == 8
    shell.run("send", "deal/OP-1", "--comment", "seen")
    shell.until(lambda: "CommentAdded" in shell.events("acme/deal/OP-1"))
    assert shell.events("acme/deal/OP-1") == ["ItemCreated", "FieldsChanged", "StageMoved", "CommentAdded"]


def test_down_ends_all_and_local_states_equal_the_folded_log(shell):
    """Nothing runs any more, and every stored state is the fold of the log, byte for byte."""
    running = shell.pids().values()
    shell.run("down")
    assert not any(psutil.pid_exists(pid) for pid in running)
    shell.run("status", code=3)
    found = shell.json("replay", "verify")
    log = next(figures for topic, figures in found.items() if topic.endswith("crm.events"))
    assert log["compared_byte_for_byte"] == log["items"] >= 7
    assert log["differences"] == 0
