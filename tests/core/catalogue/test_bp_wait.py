"""The action `bp_wait` (spec 4.9)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.clients import ClientActivity
from automation.items.process_changes import StartProcess
from automation.values import Money, Personal
from tests.core.spec import Story, action, deal, put, template
from tests.core.world import World

DAY = 86_400_000
FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="due", title="Due", type="date"), m.FieldDef(code="at", title="At", type="datetime"),
        m.FieldDef(code="note", title="Note", type="string"),
    ),
)  # fmt: skip
NOON = 1_764_504_000_000
"""2025-11-30 12:00 UTC."""


def story(zone: str = "UTC", **fields: Any) -> Story:
    """Return a deal at noon of the 30th of November."""
    made = deal(FIELDS, m.Settings(time_zone=zone), **fields)
    made.now = NOON
    return made


def test_a_wait_of_days_ends_at_the_same_clock_time() -> None:
    """Across a change of the clocks, too: in Berlin 29 March 2026 has 23 hours."""
    told = story().run("bp_wait", interval_days=3)
    assert told.only(p.StepStarted).deadline == NOON + 3 * DAY
    told.wake()
    assert told.only(p.StepCompleted).results == {"ended_by": "timeout"}

    clocks = story("Europe/Berlin")
    clocks.now = 1_774_710_000_000  # 2026-03-28 16:00 in Berlin
    assert clocks.run("bp_wait", interval_days=1).only(p.StepStarted).deadline == clocks.now + DAY - 3_600_000


@pytest.mark.parametrize(("field", "value"), [("due", "2025-12-10"), ("at", 1_765_378_800_000)])
def test_a_wait_before_a_date_ends_at_the_beginning_of_the_day(field: str, value: Any) -> None:
    """In the platform's time zone."""
    told = story("Europe/Berlin", **{field: value})
    told.run("bp_wait", wait_type="days_before_date", interval_days=2, until_date=field)
    assert told.only(p.StepStarted).deadline == 1_765_148_400_000  # 2025-12-08 00:00 in Berlin


@pytest.mark.parametrize("value", ["2025-12-01", None])
def test_a_moment_that_is_past_or_not_known_ends_the_wait_at_once(value: str | None) -> None:
    """By the timeout."""
    told = story(due=value).run("bp_wait", wait_type="days_before_date", interval_days=2, until_date="due")
    assert told.only(p.StepCompleted).results == {"ended_by": "timeout"}
    assert told.only(p.ProcessEnded).outcome == "completed"


def test_a_later_change_of_the_date_does_not_move_the_wait() -> None:
    """Spec 4.9."""
    told = story(due="2025-12-10").run("bp_wait", wait_type="days_before_date", interval_days=0, until_date="due")
    due = told.only(p.StepStarted).deadline
    told.when(c.SaveItem({"due": "2026-01-01"})).wake()
    assert told.now == due


@pytest.mark.parametrize(
    "change",
    [
        c.RecordActivity("a1", "incoming_email", Personal("Hello")),
        c.RecordActivity("a1", "incoming_call", Personal("")),
        c.RecordActivity("a1", "incoming_message", Personal("")),
        c.RecordActivity("a1", "form_submitted", Personal("")),
        c.ReportPayment("p1", "", "paid", Money(100, "EUR"), ""),
        c.ReportEmailSeen("mail", "opened", "s1", ""),
        c.ReportEmailSeen("mail", "clicked", "s1", "https://example.test"),
    ],
)
def test_any_activity_of_the_client_ends_the_wait(change: c.ItemChange) -> None:
    """Whatever the client does (spec 1.16)."""
    told = story().run("bp_wait", interval_days=3).when(change)
    assert told.only(p.StepWoken).reason == "client_activity"
    assert told.only(p.StepCompleted).results == {"ended_by": "client_activity"}


@pytest.mark.parametrize("kind", get_args(ClientActivity))
def test_whatever_callers_may_report_ends_the_wait(kind: str) -> None:
    """Under the names that the API takes."""
    told = story().run("bp_wait", interval_days=3).when(c.RecordActivity("a1", kind, Personal("")))
    assert told.only(p.StepCompleted).results == {"ended_by": "client_activity"}


@pytest.mark.parametrize(
    "change",
    [
        c.RecordActivity("a1", "outgoing_call", Personal("")), c.AddComment(Personal("x")), c.SaveItem({"note": "x"}),
        c.ReportPayment("p1", "", "unpaid", Money(100, "EUR"), ""),
    ],
)  # fmt: skip
def test_nothing_else_ends_the_wait(change: c.ItemChange) -> None:
    """What employees do is no activity of the client."""
    told = story().run("bp_wait", interval_days=3).when(change)
    assert told.state.steps


def test_activity_before_the_wait_does_not_count() -> None:
    """Only what reaches the item after it began."""
    told = story().when(c.RecordActivity("a1", "incoming_email", Personal("Hello")))
    assert told.run("bp_wait", interval_days=3).state.steps


def test_the_linked_contact_and_company_tell_of_their_client() -> None:
    """And the one who was not needed is no longer asked to."""
    world = World(deal(FIELDS).book)
    put(world.book, template(action("bp_wait", interval_days=3)))
    for client in ("contact/c", "company/f"):
        world.tell(client, c.CreateItem({"title": client}))
    world.tell("deal/9", c.CreateItem({"title": "Desk", "contact": "c", "company": "f"}, responsible="ann"))
    world.tell("deal/9", StartProcess("process", {}))
    assert [len(world.state(client).waiters) for client in ("contact/c", "company/f")] == [1, 1]

    world.tell("contact/c", c.RecordActivity("a1", "incoming_call", Personal("")))
    (ended,) = world.events("deal/9", p.StepCompleted)
    assert ended.results == {"ended_by": "client_activity"}
    assert [len(world.state(client).waiters) for client in ("contact/c", "company/f")] == [0, 0]


def test_the_comment_stands_in_the_timeline_until_the_wait_ends() -> None:
    """Inserted values are shown."""
    told = story().run("bp_wait", interval_days=3, comment="Wait for {{field:title}}")
    noted = told.only(p.WaitNoted)
    assert (noted.comment, noted.run_id, noted.until) == (
        "Wait for Desk",
        told.only(p.StepStarted).run_id,
        NOON + 3 * DAY,
    )
    assert told.wake().only(p.StepCompleted).run_id == noted.run_id


def test_a_wait_that_is_late_says_so() -> None:
    """The timer fired two seconds after its moment: the partition had other work."""
    told = story().run("bp_wait", interval_days=1)
    told.when(c.SaveItem({"note": "x"}), occurred_at=0)
    told.now += DAY + 2_000
    told.when(c.SaveItem({"note": "y"}))
    told.wake()
    assert told.only(p.StepWoken).late_ms == 2_000


def test_a_missing_interval_goes_on_with_empty_results() -> None:
    """As any missing value (spec 4)."""
    told = story().run("bp_wait", interval_days="{{field:note}}")
    assert told.only(p.StepFailed).reason == "missing_value:interval_days"
