"""The rule `schedule_client_call` (spec 4.40, 3.3)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.validation import check
from automation.items import activity_changes as ac
from automation.items import activity_events as a
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.decide import timers
from automation.items.parts import Activity
from automation.values import Personal
from tests.core.spec import CATALOGUE, TENANT, Story, deal, pipeline, put, rule

HOUR = 3_600_000
NOW = 1_795_000_000_000
TOMORROW = 1_795_082_400_000
"""2026-11-19 10:00 UTC."""
FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="ring", title="Ring", type="datetime"),
        m.FieldDef(code="ring_until", title="Until", type="datetime"),
        m.FieldDef(code="ring_day", title="Day", type="date"),
        m.FieldDef(code="hours", title="Hours", type="int"),
    ),
)
SETTINGS = m.Settings(time_zone="Europe/Berlin")
NY = m.User(id="ny", name="Nick York", time_zone="America/New_York", department="sales")


def call(rule_type: str = "schedule_client_call", **params: Any) -> m.Rule:
    """Return the rule with a subject and a start unless said otherwise."""
    given = {"subject": "Ring {{field:title}}", "start": "{{field:ring}}", **params}
    return rule("call", rule_type, "assembly", {name: value for name, value in given.items() if value is not None})


def story(made: m.Rule, *more: m.Definition, **fields: Any) -> Story:
    """Return a deal that has just reached the stage of the rule."""
    told = deal(SETTINGS, FIELDS, NY, made, *more, **{"ring": TOMORROW, **fields})
    told.now = NOW
    return told.when(c.SaveItem({}, stage="assembly"))


def planned(told: Story) -> Activity:
    """Return the activity that was planned in the last turn."""
    found = told.only(a.ActivityPlanned).activity
    assert isinstance(found, Activity)
    return found


def told_to(told: Story) -> list[tuple[str, str]]:
    """Return whom the last turn notified of what."""
    return [(x.recipient, x.text.text) for x in told.events if isinstance(x, effects.NotificationRequested)]


def test_a_call_is_planned_with_the_responsible() -> None:
    """It takes half an hour, nobody is reminded, and its id is the result."""
    told = story(call())

    assert told.kinds() == ["StageMoved", "ActivityPlanned", "RuleRunCompleted"]
    assert planned(told) == Activity(
        planned(told).activity_id, "call", Personal("Ring Desk"), Personal(""), TOMORROW, TOMORROW + HOUR // 2,
        Personal(""), "ann", False, False, 0,
    )  # fmt: skip
    assert told.only(e.RuleRunCompleted).results == {"activity_id": planned(told).activity_id}
    assert told.only(a.ActivityPlanned).created_by == "ann"
    assert list(timers(told.state)) == []


def test_everything_may_be_said() -> None:
    """End, description, employee, importance; the start may be typed."""
    told = story(
        call(start="2026-11-19T11:00+01:00", end="{{field:ring_until}}", description="Say {{field:title}}",
             important=True, responsible="role:responsible_supervisor"),
        ring_until=TOMORROW + 3 * HOUR,
    )  # fmt: skip
    found = planned(told)

    assert (found.start, found.end) == (TOMORROW, TOMORROW + 3 * HOUR)
    assert (found.description.text, found.important, found.responsible) == ("Say Desk", True, "boss")


def test_a_day_is_its_beginning() -> None:
    """In the platform's time zone."""
    assert planned(story(call(start="{{field:ring_day}}"), ring_day="2026-11-20")).start == 1_795_129_200_000


@pytest.mark.parametrize(
    ("params", "ahead"),
    [
        ({"remind_in": 15}, 15 * 60_000),
        ({"remind_in": 15, "remind_unit": "minutes"}, 15 * 60_000),
        ({"remind_in": 2, "remind_unit": "hours"}, 2 * HOUR),
        ({"remind_in": "{{field:hours}}", "remind_unit": "hours"}, 3 * HOUR),
        ({"remind_in": 0}, 0),
    ],
)
def test_the_responsible_is_reminded_before_the_start(params: dict[str, Any], ahead: int) -> None:
    """Once, as the clock shows it where the employee is."""
    told = story(call(responsible="user:ny", **params), hours=3)
    assert told_to(told) == []

    told.wake()
    assert told.now == TOMORROW - ahead
    assert told.kinds() == ["ActivityReminded", "NotificationRequested"]
    assert told_to(told) == [("ny", "Reminder. Call: Ring Desk, 2026-11-19 05:00")]
    assert told.only(effects.NotificationRequested).link == "/items/acme/deal/1"
    assert list(timers(told.state)) == []


def test_a_reminder_whose_time_is_past_is_sent_at_once() -> None:
    """With the planning itself."""
    told = story(call(remind_in=3, remind_unit="days"))

    assert told.kinds() == ["StageMoved", "ActivityPlanned", "NotificationRequested", "RuleRunCompleted"]
    assert told_to(told) == [("ann", "Reminder. Call: Ring Desk, 2026-11-19 11:00")]
    assert list(timers(told.state)) == []


@pytest.mark.parametrize("ending", [ac.CompleteActivity, ac.DeleteActivity])
def test_nobody_is_reminded_of_what_is_over(ending: Any) -> None:
    """Completed or taken back."""
    told = story(call(remind_in=1))
    told.when(ending(planned(told).activity_id))

    assert list(timers(told.state)) == []


def test_nobody_is_reminded_of_a_deleted_item() -> None:
    """Spec 6.3."""
    told = story(call(remind_in=1)).when(c.DeleteItem())
    assert list(timers(told.state)) == []


def test_a_dismissed_employee_is_not_reminded() -> None:
    """The time of the reminder passes."""
    told = story(call(remind_in=1))
    put(told.book, m.User(id="ann", name="Ann", active=False))
    assert told.wake().kinds() == ["ActivityReminded"]


def test_a_call_that_ends_before_it_starts_fails() -> None:
    """Nothing is planned."""
    told = story(call(end="{{field:ring_until}}"), ring_until=TOMORROW - 1)

    assert told.only(e.RuleRunFailed).reason == "invalid_period"
    assert not told.state.activities


def test_a_call_may_end_when_it_starts() -> None:
    """The end is not before the start."""
    assert planned(story(call(end="{{field:ring}}"))).end == TOMORROW


@pytest.mark.parametrize(
    ("params", "fields", "reason"),
    [
        ({}, {"ring": None}, "missing_value:start"),
        ({"subject": "{{field:comments}}"}, {}, "missing_value:subject"),
        ({"remind_in": "{{field:hours}}"}, {"hours": -1}, "invalid_value:remind_in"),
        ({"start": "{{field:title}}"}, {}, "invalid_value:start"),
        ({}, {"ring": 2**60}, "invalid_value:start"),
    ],
)
def test_values_that_are_missing_or_unfit_fail(params: dict[str, Any], fields: dict[str, Any], reason: str) -> None:
    """Spec 4, 6.8."""
    assert story(call(**params), **fields).only(e.RuleRunFailed).reason == reason


def test_an_unset_end_or_reminder_is_the_default() -> None:
    """Optional values that are empty at run time."""
    found = planned(story(call(end="{{field:ring_until}}", remind_in="{{field:hours}}")))
    assert (found.end, found.remind_at) == (TOMORROW + HOUR // 2, 0)


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"start": None}, "params.start"),
        ({"subject": None}, "params.subject"),
        ({"remind_in": 1, "remind_unit": "weeks"}, "params.remind_unit"),
        ({"remind_in": "soon"}, "params.remind_in"),
        ({"complete_on_status_change": True}, "params.complete_on_status_change"),
        ({"place": "here"}, "params.place"),
    ],
)
def test_parameters_are_checked_when_saved(params: dict[str, Any], path: str) -> None:
    """A call has no place and no auto-complete option."""
    base = {("pipeline", "main"): pipeline(), ("fields", "deal"): FIELDS}
    flaws = check(CATALOGUE, TENANT, base, {("rule", "call"): call(**params)}).errors
    assert [flaw.path for flaw in flaws] == [path]


def test_an_item_without_a_responsible_has_calls_of_nobody() -> None:
    """The system planned it, and nobody is reminded."""
    told = deal(FIELDS, call(remind_in=1), ring=TOMORROW).when(c.SaveItem({}, responsible=""))
    told.now = NOW
    told.when(c.SaveItem({}, stage="assembly"))

    assert planned(told).responsible == ""
    assert told.only(a.ActivityPlanned).created_by == "system"
    assert told.wake().kinds() == ["ActivityReminded"]


def test_a_status_change_leaves_calls_open() -> None:
    """Unlike meetings that say so."""
    told = story(call())
    assert told.when(c.SaveItem({}, stage="won")).kinds() == ["StageMoved"]
    assert len(told.state.activities) == 1
