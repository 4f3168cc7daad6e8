"""`stagewire item` on an index in a file: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from automation.items import effects
from automation.items import events as e
from automation.items.journal_events import JournalEntryAdded
from automation.values import Money, Personal
from services.cli.commands.item import COMMAND
from services.edge.codec import item_events
from services.history.opening import open_history
from services.history.records import log_record
from tests.history_world import CONTEXT, DEAL, HOUR, stream

EVENTS = stream(
    DEAL,
    e.ItemCreated({"title": "Roof", "amount": Money(1000, "EUR")}, "sales", "new", "7", "7", (), automated=False),
    e.CommentAdded("c1", Personal("call\x1b[31m back"), "7"),
    e.FieldsChanged((e.FieldChange("amount", Money(1000, "EUR"), Money(2500, "EUR")),)),
    e.StageMoved("new", "won", 2, automated=False),
    e.RuleRunFailed("run-1", "rule-1", 2, 2, "order_not_found"),
    e.CommentAdded("0123456789abcdef0123456789abcdef", Personal("a long story " * 20 + "x" * 200), "7"),
    e.FieldsChanged((e.FieldChange("note", "one " * 40, "two " * 40),)),
    effects.NotificationRequested("f" * 32, "e" * 32, "7", "7", Personal("x"), ""),
    e.RuleRunCompleted("run-2", "text", 1, 2, {}, ("truncated",)),
    JournalEntryAdded("j1", "phone_call", Personal("asked for the price"), "7"),
)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of one deal, found by the command through its environment."""
    url, codec = f"sqlite:///{tmp_path}/history.db", item_events()
    store = open_history(url)
    found = [log_record("item", r, codec.encode(r), CONTEXT, place) for place, r in enumerate(EVENTS)]
    store.write(found, {CONTEXT: len(found)})
    store.close()
    monkeypatch.setenv("STAGEWIRE_HISTORY_DATABASE_URL", url)
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(COMMAND, arguments)


def test_the_state_can_be_shown_now_at_a_version_and_as_of_a_time(index: Path) -> None:
    """The same item in three states, as JSON and as text."""
    now = json.loads(_run("show", DEAL.text, "--json").output)
    assert (now["version"], now["state"]["stage"], now["state"]["fields"]["amount"]["minor"]) == (10, "won", 2500)
    assert json.loads(_run("show", DEAL.text, "--version", "2", "--json").output)["state"]["stage"] == "new"
    early = json.loads(_run("show", DEAL.text, "--as-of", "1970-01-01T02:59:59", "--json").output)
    assert (early["version"], early["state"]["fields"]["amount"]["minor"]) == (2, 1000)
    assert "stage  won" in _run("show", DEAL.text).output
    assert "did not exist" in _run("show", DEAL.text, "--as-of", str(HOUR - 1)).output


def test_the_timeline_is_shown_newest_first_and_cannot_steer_a_terminal(index: Path) -> None:
    """Control characters of a comment are escaped; the page says how to go on."""
    shown = _run("timeline", DEAL.text, "--before", "5", "--limit", "2").output
    assert shown.index("stage_changed") < shown.index("comment")
    assert "\x1b" not in shown
    assert "more: --before 2" in shown
    entries = json.loads(_run("timeline", DEAL.text, "--json").output)["entries"]
    assert [entry["kind"] for entry in entries] == ["comment", "stage_changed", "comment", "created"]


def test_runs_and_journal_are_shown_with_reason_and_values(index: Path) -> None:
    """A failure carries its reason code, a field change its old and new value."""
    assert "rule rule-1 v2 in won: failed (order_not_found)" in _run("runs", DEAL.text).output
    assert "rule text v1 in won: completed, truncated" in _run("runs", DEAL.text).output
    assert "10.00 EUR -> 25.00 EUR" in _run("journal", DEAL.text).output


def test_records_that_processes_added_stand_in_the_journal_alone(index: Path) -> None:
    """With kind, text and author."""
    assert "phone_call" in _run("journal", DEAL.text).output
    assert "asked for the price" in _run("journal", DEAL.text).output
    entry = json.loads(_run("journal", DEAL.text, "--json").output)[0]
    assert (entry["kind"], entry["created_by"], entry["field"]) == ("phone_call", "7", "")
    assert "asked for the price" not in _run("timeline", DEAL.text).output


@pytest.mark.parametrize("what", ["show", "timeline", "journal", "runs"])
def test_text_fits_eighty_columns_and_loses_nothing_but_the_ends_of_ids(index: Path, what: str) -> None:
    """Long values go on below; JSON is whole."""
    shown = _run(what, DEAL.text).output
    assert shown
    assert max(map(len, shown.splitlines())) <= 80
    if what == "timeline":
        assert "".join(shown.split()).count("alongstory") == 20
        assert "01234567… " in shown
        assert "0123456789abcdef0123456789abcdef" in _run(what, DEAL.text, "--json").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "acme/deal"), "not tenant/type/id"),
        (("show", "acme/deal/none"), "knows no item"),
        (("show", DEAL.text, "--version", "11"), "no version 11"),
        (("show", DEAL.text, "--as-of", "yesterday"), "neither ISO 8601"),
        (("show", DEAL.text, "--as-of", "1", "--version", "1"), "not both"),
    ],
)
def test_what_cannot_be_shown_is_told_without_a_traceback(index: Path, arguments: tuple[str, ...], said: str) -> None:
    """One line, and an exit code that scripts can see."""
    result = _run(*arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


def test_without_an_index_the_command_says_who_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is created by asking."""
    monkeypatch.setenv("STAGEWIRE_HISTORY_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    assert "stagewire run history" in _run("show", DEAL.text).output
    assert not list(tmp_path.iterdir())
