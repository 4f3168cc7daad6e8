"""Processes in the index: rows by template, status and incident, their log, waits; on SQLite and PostgreSQL alike."""

from __future__ import annotations

from typing import Any

from automation.envelope import Key, Recorded
from automation.items import evolve
from automation.items import process_events as p
from automation.items.process_changes import ControlProcess
from automation.processes import explaining
from services.edge.sql import Database
from services.history.heads import heads_by
from services.history.process_index import ProcessTotal, SoughtIncidents, SoughtProcesses
from services.history.queries import History
from services.history.store import SqlHistory
from tests.core.spec import DEAL, Story, action, deal, template
from tests.history_world import CONTEXT, Book, recorded, records

pytest_plugins = ["tests.postgres", "tests.databases"]

WAIT = action("bp_wait", "rest", interval_days=1, comment="Call back")
INCIDENT = {**action("bp_change_status", "go", new_status="moon"), "on_error": {"then": "stop"}}
BRANCH = {
    "id": "size", "type": "if", "otherwise": [action("bp_wait", "small", interval_days=2)],
    "branches": [{"title": "Big", "when": {"field": "title", "op": "eq", "value": "Roof"}, "steps": [WAIT]}],
}  # fmt: skip


class Told:
    """A story whose events are indexed as they come."""

    def __init__(self, database: Database, story: Story) -> None:
        self.story, self.book = story, Book()
        self.store = SqlHistory(database, heads=lambda: {"item": heads_by(self.book.read)})
        self.history = History(self.store, self.book.read, evolve)
        self.events: list[Recorded] = []
        self.take()

    def take(self) -> Told:
        """Index what the last turn led to."""
        found = self.story.last.events
        self.store.write(records(self.book, found, offset=len(self.events)), {CONTEXT: len(self.events) + len(found)})
        self.events += found
        return self

    def begin(self, **params: Any) -> str:
        """Start the process; return the instance."""
        self.story.now += 1_000
        self.story.begin(**params)
        self.take()
        return next(one.instance_id for one in self.story.events if isinstance(one, p.ProcessStarted))

    def wake(self) -> Told:
        """Let the next timer fire."""
        self.story.wake()
        return self.take()

    def control(self, instance_id: str, does: str, **more: Any) -> Told:
        """Do what somebody asks."""
        self.story.now += 1_000
        self.story.when(ControlProcess(instance_id, does, **more))
        return self.take()

    def rows(self, **sought: Any) -> list[tuple[str, str, int]]:
        """Return id, status and incidents of the instances found."""
        page = self.history.processes("acme", SoughtProcesses(**sought))
        return [(row.instance_id, row.status, count) for row, count in page.processes]

    def entry(self, instance_id: str, **at: Any) -> Any:
        """Return one instance, with the reasons of branches."""
        view = self.story.book.tenant("acme")
        assert view is not None
        return self.history.process(DEAL, instance_id, why=lambda s, e: explaining.why(view, s, e), **at)


def test_an_instance_is_found_by_template_item_status_and_the_beginning_of_its_id(database: Database) -> None:
    """It runs, is paused, runs again and ends."""
    told = Told(database, deal(template(WAIT)))
    one = told.begin()
    assert told.rows() == told.rows(template_id="process", item_type="deal", item_id="1") == [(one, "running", 0)]
    assert told.rows(instance=one) == told.rows(instance=one[:6]) == told.rows(status="open") == told.rows()
    assert told.rows(template_id="other") == told.rows(status="completed") == told.rows(instance="zz") == []

    assert told.control(one, "pause").rows(status="paused") == [(one, "paused", 0)]
    assert told.history.process_totals("acme") == [ProcessTotal("process", 0, 1, 0)]
    assert told.control(one, "resume").rows() == [(one, "running", 0)]
    assert told.wake().rows() == [(one, "completed", 0)]
    assert told.rows(status="open") == []
    assert told.history.process_totals("acme") == []
    assert told.history.processes("other", SoughtProcesses()).processes == ()


def test_pages_go_on_where_the_last_one_ended(database: Database) -> None:
    """Started last first; none twice, none left out."""
    told = Told(database, deal(template(WAIT)))
    ids = [told.begin() for _ in range(5)]
    found, before = [], None
    while True:
        page = told.history.processes("acme", SoughtProcesses(), before=before, limit=2)
        found += [row.instance_id for row, _ in page.processes]
        before = page.before
        if before is None:
            break
    assert found == ids[::-1]


def test_an_incident_is_listed_until_somebody_decides(database: Database) -> None:
    """By template, reason and step; a retry that fails again is another one, a skip or a stop is the end of it."""
    told = Told(database, deal(template(INCIDENT, WAIT)))
    one = told.begin()
    (found,) = told.history.incidents("acme", SoughtIncidents()).incidents
    assert (found.instance_id, found.place, found.template_id, found.attempt) == (one, "go", "process", 0)
    assert found.reason == "stage_not_in_pipeline"
    for name, value in (("template_id", "process"), ("reason", found.reason), ("step", "go"), ("item_type", "deal")):
        assert told.history.incidents("acme", SoughtIncidents(**{name: value})).incidents == (found,)
        assert told.history.incidents("acme", SoughtIncidents(**{name: "g"})).incidents == ()
    assert told.history.incidents("acme", SoughtIncidents(upto=found.raised_at - 1)).incidents == ()
    assert told.history.incidents("acme", SoughtIncidents(upto=found.raised_at)).incidents == (found,)
    assert told.rows(status="incident") == [(one, "running", 1)]
    assert told.history.process_totals("acme") == [ProcessTotal("process", 1, 0, 1)]

    told.control(one, "retry", place="go")
    (again,) = told.history.incidents("acme", SoughtIncidents()).incidents
    assert (again.attempt, again.raised_at > found.raised_at) == (1, True)
    told.control(one, "skip", place="go")
    assert told.history.incidents("acme", SoughtIncidents()).incidents == ()
    two = told.begin()
    assert told.rows(status="incident") == [(two, "running", 1)]
    told.control(two, "stop", reason="no use")
    assert told.history.incidents("acme", SoughtIncidents()).incidents == ()
    (row, _), *_ = told.history.processes("acme", SoughtProcesses(status="cancelled")).processes
    assert (row.cause, row.ended_by) == ("no use", "user:ann")


def test_reading_the_log_again_changes_no_row(database: Database) -> None:
    """What is known by item and version is not taken twice: an instance that has ended does not run again."""
    told = Told(database, deal(template(INCIDENT, WAIT)))
    one = told.begin()
    told.control(one, "skip", place="go").wake()
    again = records(told.book, told.events, offset=1_000)
    assert told.store.write(again, {CONTEXT: 2_000}).repeated == len(told.events)
    assert told.rows() == [(one, "completed", 0)]
    assert told.history.incidents("acme", SoughtIncidents()).incidents == ()


def test_an_event_that_comes_late_leaves_the_rows_of_the_events_in_order(database: Database) -> None:
    """The log of the item is folded anew."""
    whole = Told(database, deal(template(WAIT)))
    one = whole.begin()
    whole.control(one, "pause")
    other = Key("acme", "deal", "2")
    events = [recorded(other, 1, whole.events[0].event)]
    start, *rest = [each.event for each in whole.events[1:]]
    events += [recorded(other, 3, rest[-1]), recorded(other, 2, start)]
    assert not whole.rows(item_id="2")
    whole.store.write(records(whole.book, events, offset=50), {CONTEXT: 60})
    assert [status for _, status, _ in whole.rows(item_id="2")] == ["paused"]


# --- the log of one ------------------------------------------------------------------------------------------


def test_the_log_says_what_each_step_did_and_why_a_branch_was_taken(database: Database) -> None:
    """In order; each condition with the value that it met."""
    told = Told(database, deal(template(BRANCH, {"id": "z", "type": "end"})))
    one = told.begin()
    told.wake()
    entry = told.entry(one)
    assert [(line.kind, line.place, line.status) for line in entry.log] == [
        ("branch", "size", ""), ("step", "small", "completed"), ("ended", "", "completed")
    ]  # fmt: skip
    branch, step, _ = entry.log
    assert branch.facts == {"branch": 1, "title": ""}
    ((title, holds, trace),) = branch.why
    assert (title, holds, trace.actual, trace.expected) == ("Big", False, "Desk", "Roof")
    assert (step.facts, step.ended_at - step.at, step.attempt) == ({"ended_by": "timeout"}, 2 * 86_400_000, 0)
    assert (entry.status, entry.current, entry.started_by) == ("completed", (), "user:ann")


def test_an_instance_is_shown_as_of_a_version_or_a_moment(database: Database) -> None:
    """What it was then: steps that waited, variables, and the log until then; nothing before it began."""
    variables = [{"code": "n", "type": "int", "default": 1}]
    made = template({"id": "s", "type": "set", "values": {"n": 2}}, WAIT, variables=variables)
    told = Told(database, deal(made))
    one = told.begin()
    waiting = told.story.state.version
    told.control(one, "set", variables={"n": 7}).wake()

    then = told.entry(one, version=waiting)
    assert (then.status, then.variables, [run.place for run in then.current]) == ("running", {"n": 2}, ["rest"])
    assert [(line.kind, line.status, line.due > 0) for line in then.log][1:] == [("step", "waiting", True)]
    now = told.entry(one)
    assert (now.status, now.variables, now.current) == ("completed", {"n": 7}, ())
    assert [line.by for line in now.log if line.kind == "variables"] == ["", "user:ann"]
    assert told.entry(one, recorded_at=then.log[-1].at).variables == {"n": 2}
    assert told.entry(one, version=1) is None
    assert told.entry("nothing") is None


def test_a_sub_process_and_an_incident_stand_in_the_log_of_the_one_that_has_them(database: Database) -> None:
    """With the instance to look at, and who decided."""
    child = template(WAIT, name="child")
    parent = template({"id": "sub", "type": "process", "template": "child"}, INCIDENT)
    told = Told(database, deal(child, parent))
    one = told.begin()
    (line,) = [line for line in told.entry(one).log if line.kind == "process"]
    inner = line.facts["instance_id"]
    assert told.entry(inner).parent == f"{one}/sub"
    told.wake()
    assert [each.place for each in told.entry(one).incidents] == ["go"]
    told.control(one, "skip", place="go")
    found = told.entry(one)
    assert found.incidents == ()
    assert [(line.kind, line.by) for line in found.log if line.kind == "resolved"] == [("resolved", "user:ann")]


# --- the timeline --------------------------------------------------------------------------------------------


def test_a_wait_stands_in_the_timeline_until_its_step_ends(database: Database) -> None:
    """Open with its end, then closed with what ended it; the process itself begins and ends there."""
    told = Told(database, deal(template(WAIT)))
    told.begin()

    def waits() -> list[Any]:
        return [one.facts for one in told.history.timeline(DEAL).entries if one.kind == "wait"]

    (facts,) = waits()
    assert (facts["comment"], facts["open"], facts["closed_at"]) == ("Call back", True, None)
    until = facts["until"]
    told.wake()
    (facts,) = waits()
    assert (facts["open"], facts["closed_at"], facts["closed_by"]) == (False, until, "timeout")
    kinds = [one.kind for one in told.history.timeline(DEAL).entries]
    assert kinds == ["process_ended", "wait", "process_started", "created"]
