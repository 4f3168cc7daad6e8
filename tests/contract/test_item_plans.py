"""What `stagewire item` says of waits and activities, out of an index in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from automation.items import activity_events as a
from automation.items import events as e
from automation.items.parts import Activity
from automation.values import Personal
from services.cli.commands.item import COMMAND
from services.edge.codec import item_events
from services.history.opening import open_history
from services.history.records import log_record
from tests.history_world import CONTEXT, DEAL, stream

MEETING = Activity(
    "f" * 32, "meeting", Personal("Fit\x1b[31m"), Personal(""), 1_795_082_400_000, 1_795_086_000_000, Personal(""),
    "ann", False, True, 1_795_000_000_000,
)  # fmt: skip
LOOK = Activity("a1", "activity", Personal("Look"), Personal(""), 0, 0, Personal(""), "boss", False, False, 0)
EVENTS = stream(
    DEAL,
    e.ItemCreated({"title": "Roof"}, "sales", "new", "ann", "ann", (), automated=False),
    e.RuleRunDelayed("run-1", "soon", 1, 1, 1_795_000_000_000, "day"),
    e.RuleRunDelayed("run-2", "late", 1, 1, 0, "day"),
    e.RuleRunRescheduled("run-1", "soon", 1, 1, 1_795_082_400_000),
    a.ActivityPlanned(MEETING, "ann"),
    a.ActivityPlanned(LOOK, "ann"),
    a.ActivityReminded(MEETING.activity_id),
    a.ActivityCompleted(MEETING.activity_id, "status_changed"),
)


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index of one deal, found by the command through its environment."""
    url, codec = f"sqlite:///{tmp_path}/history.db", item_events()
    store = open_history(url)
    found = [log_record("item", r, codec.encode(r), CONTEXT, place) for place, r in enumerate(EVENTS)]
    store.write(found, {CONTEXT: len(found)})
    store.close()
    monkeypatch.setenv("STAGEWIRE_HISTORY_DATABASE_URL", url)


def _run(*arguments: str) -> str:
    return CliRunner().invoke(COMMAND, arguments).output


def test_runs_say_until_when_they_wait() -> None:
    """The moment to which a wait was moved; one whose date is not set yet says so."""
    shown = _run("runs", DEAL.text)

    assert "rule soon v1 in new: waiting until 2026-11-19 10:00:00Z" in shown
    assert "rule late v1 in new: waiting for a date" in shown


def test_activities_are_shown_with_what_became_of_them() -> None:
    """With whole ids, which complete them, and nothing that could steer a terminal."""
    shown = _run("activities", DEAL.text)

    assert f"completed  {MEETING.activity_id}" in shown
    assert "meeting at 2026-11-19 10:00:00Z for ann: Fit\\x1b[31m" in shown
    assert "planned    a1\n           activity for boss: Look" in shown


def test_activities_as_json_tell_who_planned_and_ended_them() -> None:
    """The reminder, too."""
    meeting, look = json.loads(_run("activities", DEAL.text, "--json"))

    assert (meeting["status"], meeting["reason"], meeting["created_by"]) == ("completed", "status_changed", "ann")
    assert meeting["reminded_at"] < meeting["ended_at"]
    assert (look["status"], look["ended_at"], look["activity"]["start"]) == ("planned", 0, 0)


def test_the_timeline_has_them_as_planned_and_completed() -> None:
    """Spec 6.5."""
    entries = json.loads(_run("timeline", DEAL.text, "--json"))["entries"]

    assert [entry["kind"] for entry in entries] == [
        "activity_completed", "activity_planned", "activity_planned", "created",
    ]  # fmt: skip
    assert entries[2]["facts"]["activity"] == "meeting"
    assert entries[2]["facts"]["start"] == MEETING.start
