"""Delays of rules (spec 1.4 `delay`): plain, in working time, and by a date field that they follow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from automation.definitions import models as m
from automation.definitions.validation import check, read
from automation.items import changes as c
from automation.items import events as e
from automation.items.decide import timers
from automation.values import Moment
from tests.core.spec import CATALOGUE, TENANT, Story, deal, pipeline, put, rule

BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = m.Settings(time_zone="Europe/Berlin")
FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="delivery", title="Delivery", type="date"),
        m.FieldDef(code="visit", title="Visit", type="datetime"),
    ),
)
OFFICE: dict[str, Any] = {"hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
COMPANY = m.Calendar.model_validate_json('{"id": "company", "hours": {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]}}')
EDIT = {"fields": [{"field": "delivery", "value": "2026-12-05"}]}


def at(text: str) -> Moment:
    """Return the moment of a clock time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


def clock(moment: Moment) -> str:
    """Return a moment as clock time in Berlin."""
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S")


def note(delay: Any, **more: Any) -> m.Rule:
    """Return a rule that leaves a comment after a delay."""
    made, flaws = read("rule", {"id": "note", "type": "add_item_comment", "item_type": "deal", "pipeline": "main",
                                "stage": "assembly", "params": {"text": "now"}, "delay": delay, **more})  # fmt: skip
    assert isinstance(made, m.Rule), flaws
    return made


def waiting(delay: Any, *more: m.Definition, **fields: Any) -> Story:
    """Return a deal that entered the stage of the rule on Monday, 30 November 2026, at 16:00 in Berlin."""
    story = deal(SETTINGS, FIELDS, COMPANY, note(delay), *more, **fields)
    story.now = at("2026-11-30 16:00")
    return story.when(c.SaveItem({}, stage="assembly"))


def due(story: Story) -> str:
    """Return when the waiting rule runs."""
    (run,) = story.state.runs.values()
    return clock(run.due) if run.due else "not yet"


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        ("5s", "2026-11-30 16:00:05"),
        ("90s", "2026-11-30 16:01:30"),
        ("1d 2h", "2026-12-01 18:00:00"),
        ({"working": "30m"}, "2026-11-30 16:30:00"),
        ({"working": "10s"}, "2026-11-30 16:00:10"),
        ({"working": "3h"}, "2026-12-01 11:00:00"),
        ({"working": "10h"}, "2026-12-07 10:00:00"),  # the company works on Mondays and Tuesdays
    ],
)
def test_time_is_counted_from_the_rules_turn(delay: Any, expected: str) -> None:
    """Plainly, or in the working time of the company."""
    story = waiting(delay)

    assert story.only(e.RuleRunDelayed).due == story.state.runs[story.only(e.RuleRunDelayed).run_id].due
    assert due(story) == expected
    assert story.wake().only(e.CommentAdded)
    assert clock(story.now) == expected


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        ({"field": "delivery"}, "2026-12-10 00:00:00"),
        ({"field": "delivery", "at": "08:30"}, "2026-12-10 08:30:00"),
        ({"field": "delivery", "before": "2d", "at": "08:30"}, "2026-12-08 08:30:00"),
        ({"field": "delivery", "after": "1d 90s"}, "2026-12-11 00:01:30"),
        ({"field": "visit", "before": "30m"}, "2026-12-08 11:30:00"),
        ({"field": "visit", "after": "1w"}, "2026-12-15 12:00:00"),
        ({"field": "visit", "before": "4h", "working": True}, "2026-12-07 16:00:00"),
        ({"field": "visit", "after": "6h", "working": True}, "2026-12-14 10:00:00"),
    ],
)
def test_a_rule_waits_for_a_date_in_a_field(delay: Any, expected: str) -> None:
    """Before, after or at it; the offset may be working time."""
    story = waiting(delay, delivery="2026-12-10", visit=at("2026-12-08 12:00"))

    assert due(story) == expected
    assert story.wake().only(e.CommentAdded)


def test_days_are_days_of_the_calendar_when_clocks_change() -> None:
    """The same clock time, not so many times 24 hours."""
    story = deal(SETTINGS, FIELDS, note({"field": "delivery", "before": "3d", "at": "08:00"}), delivery="2027-03-29")
    story.now = at("2027-03-01 00:00")
    assert due(story.when(c.SaveItem({}, stage="assembly"))) == "2027-03-26 08:00:00"


def test_the_wait_follows_the_field() -> None:
    """It is moved as an event, fires once at the new moment, and not at the old one."""
    story = waiting({"field": "delivery", "before": "1d"}, delivery="2026-12-10")
    story.when(c.SaveItem({"delivery": "2026-12-20"}))

    assert story.kinds() == ["FieldsChanged", "RuleRunRescheduled"]
    assert due(story) == "2026-12-19 00:00:00"
    assert len(list(timers(story.state))) == 1
    assert story.wake().kinds() == ["CommentAdded", "RuleRunCompleted"]
    assert clock(story.now) == "2026-12-19 00:00:00"
    assert not story.state.runs


def test_a_rule_that_changes_the_field_moves_the_wait() -> None:
    """Whoever changes it."""
    soon = rule("soon", "edit_item", "assembly", EDIT, delay="1m", run_mode="parallel")
    story = waiting({"field": "delivery"}, soon, delivery="2026-12-10").wake()

    assert story.kinds() == ["FieldsChanged", "RuleRunCompleted", "RuleRunRescheduled"]
    assert due(story) == "2026-12-05 00:00:00"


def test_other_changes_leave_the_wait_alone() -> None:
    """Another field, the same value."""
    story = waiting({"field": "delivery"}, delivery="2026-12-10")

    assert story.when(c.SaveItem({"title": "x"})).kinds() == ["FieldsChanged"]
    assert story.when(c.SaveItem({"delivery": "2026-12-10"})).kinds() == ["ChangeSeen"]


@pytest.mark.parametrize("past", ["2026-11-30", "2020-01-01"])
def test_a_moment_already_past_runs_at_once(past: str) -> None:
    """When the rule's turn comes, and when the field is set to a day that is over."""
    assert waiting({"field": "delivery"}, delivery=past).kinds()[-2:] == ["CommentAdded", "RuleRunCompleted"]

    story = waiting({"field": "delivery"}, delivery="2026-12-10").when(c.SaveItem({"delivery": past}))
    assert story.kinds() == ["FieldsChanged", "RuleRunRescheduled", "CommentAdded", "RuleRunCompleted"]
    assert story.only(e.RuleRunRescheduled).due == story.now
    assert not story.state.runs


def test_without_a_date_the_rule_waits_until_there_is_one() -> None:
    """An empty field is no moment: nothing runs, and nothing is lost."""
    story = waiting({"field": "delivery"})
    assert due(story) == "not yet"
    assert list(timers(story.state)) == []

    story.when(c.SaveItem({"delivery": "2026-12-10"}))
    assert due(story) == "2026-12-10 00:00:00"
    story.when(c.SaveItem({"delivery": None}))
    assert story.kinds() == ["FieldsChanged", "RuleRunRescheduled"]
    assert due(story) == "not yet"
    story.when(c.SaveItem({"delivery": "2026-12-12"}))
    assert due(story) == "2026-12-12 00:00:00"


def test_the_condition_is_looked_at_after_the_wait() -> None:
    """Spec 1.4."""
    story = deal(FIELDS, note({"field": "delivery"}, condition={"field": "title", "op": "eq", "value": "Desk"}))
    story.when(c.SaveItem({"delivery": "2026-12-10", "title": "Chair"}, stage="assembly"))

    assert story.wake().only(e.RuleRunSkipped).reason == "condition_not_met"


def test_leaving_the_stage_cancels_the_wait() -> None:
    """Spec 6.3; a date that the same save sets runs nothing."""
    story = waiting({"field": "delivery"}, delivery="2026-12-10")
    story.when(c.SaveItem({"delivery": "2020-01-01"}, stage="won"))

    assert story.kinds() == ["FieldsChanged", "StageMoved", "RuleRunCancelled"]
    assert story.only(e.RuleRunCancelled).cause == "stage_left"
    assert list(timers(story.state)) == []


def test_a_chain_of_causes_starts_anew_after_the_wait() -> None:
    """Spec 6.8."""
    story = waiting({"field": "delivery"}, delivery="2026-12-10")
    delayed = story.last.events[-1].envelope.event_id
    assert {recorded.envelope.root_id for recorded in story.wake().last.events} == {delayed}


def test_the_working_time_of_the_responsible_counts_without_absences() -> None:
    """Ann works in New York on Wednesdays, and is away on the first one."""
    away = m.Absence(id="a", user="ann", since=at("2026-12-02 00:00"), until=at("2026-12-03 12:00"))
    ann = m.User(id="ann", name="Ann", time_zone="America/New_York", calendar="wednesdays")
    hers = m.Calendar(id="wednesdays", hours={"wed": ("09:00-12:00",)})
    story = waiting({"working": "1h", "calendar": "responsible"}, ann, hers, away)

    assert due(story) == "2026-12-09 16:00:00"


def test_who_has_no_calendar_works_when_the_company_does() -> None:
    """In the company's time zone."""
    assert due(waiting({"working": "2h", "calendar": "responsible"})) == "2026-12-01 10:00:00"


def test_holidays_and_special_days_count() -> None:
    """A special day has hours of its own, holiday or not."""
    holidays = {"country": "DE", "days": {"2026-12-01": "x", "2026-12-15": "y"}}
    special = {"2026-12-15": ["10:00-11:00"]}
    hours = {"tue": ["09:00-17:00"]}
    made, _ = read("calendar", {"id": "company", "hours": hours, "days_off": ["2026-12-08"], "holidays": holidays,
                                "special_days": special})  # fmt: skip
    assert made
    story = deal(SETTINGS, FIELDS, made, note({"working": "2h"}))
    story.now = at("2026-11-30 16:00")

    assert due(story.when(c.SaveItem({}, stage="assembly"))) == "2026-12-22 10:00:00"


def test_without_a_calendar_the_rule_fails() -> None:
    """The calendar was deleted after the rule was saved."""
    story = deal(SETTINGS, FIELDS, COMPANY, note({"working": "2h"}))
    put(story.book, COMPANY, deleted=True)

    assert story.when(c.SaveItem({}, stage="assembly")).only(e.RuleRunFailed).reason == "invalid_value:delay"


def test_an_item_without_such_rules_does_nothing_on_a_change() -> None:
    """No event, and nothing looked at: no run is open, and no trigger watches."""
    story = deal(FIELDS, note("1h")).when(c.SaveItem({"delivery": "2026-12-10"}))
    assert story.kinds() == ["FieldsChanged"]


@pytest.mark.parametrize(
    ("delay", "path"),
    [
        ({"field": "nowhere"}, "delay.field"),
        ({"field": "title"}, "delay.field"),
        ({"field": "visit", "at": "08:00"}, "delay.at"),
        ({"working": "1h"}, "delay"),
        ({"field": "visit", "before": "1h", "working": True}, "delay"),
    ],
)
def test_delays_are_checked_with_everything_else(delay: Any, path: str) -> None:
    """The field exists and holds a date, the company has a calendar."""
    base = {("pipeline", "main"): pipeline(), ("fields", "deal"): FIELDS}
    flaws = check(CATALOGUE, TENANT, base, {("rule", "note"): note(delay)}).errors
    assert [flaw.path for flaw in flaws] == [path]


@pytest.mark.parametrize(
    "delay",
    [
        {"working": "1d"}, {"working": "0s"}, {"working": "2h", "before": "1h"}, {"field": "visit", "at": "25:00"},
        {"field": "visit", "before": "1h", "after": "1h"}, {"field": "visit", "before": "1d", "working": True},
        {"until": "tomorrow"}, "soon", -1,
    ],
)  # fmt: skip
def test_delays_that_mean_nothing_are_refused(delay: Any) -> None:
    """Working time has no days; there is one offset; the keys are known."""
    place = {"item_type": "deal", "pipeline": "main", "stage": "assembly"}
    _, flaws = read("rule", {"id": "note", "type": "add_item_comment", "delay": delay, **place})
    assert [flaw.path.partition(".")[0] for flaw in flaws][:1] == ["delay"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"hours": {}}, "hours"),
        ({"hours": {"mon": ["09:00-08:00"]}}, "hours.mon[0]"),
        ({"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "hours.mon"),
        ({"hours": {"someday": ["09:00-12:00"]}}, "hours.someday.[key]"),
        ({**OFFICE, "days_off": ["24.12.2026"]}, "days_off[0]"),
        ({**OFFICE, "holidays": {"country": "Germany"}}, "holidays.country"),
    ],
)
def test_calendars_are_checked(body: dict[str, Any], path: str) -> None:
    """Hours in order, days as ISO 8601."""
    _, flaws = read("calendar", {"id": "company", **body})
    assert [flaw.path for flaw in flaws] == [path]


def test_calendars_are_checked_with_everything_else() -> None:
    """Zones exist, holidays were worked out, employees name a calendar that is there."""
    made, _ = read("calendar", {"id": "company", "time_zone": "Mars", "holidays": {"country": "DE"}, **OFFICE})
    ann = m.User(id="ann", name="Ann", calendar="nights")
    flaws = check(CATALOGUE, TENANT, {}, {("calendar", "company"): made, ("user", "ann"): ann}).errors
    assert {flaw.rule for flaw in flaws} == {"unknown_time_zone", "unknown_holidays", "unknown_calendar"}
