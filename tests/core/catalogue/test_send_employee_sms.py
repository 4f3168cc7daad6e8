"""The rule `send_employee_sms` (spec 3.2.9)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import changes as c
from automation.items import events as e
from automation.items.message_effects import SmsRequested
from automation.rules.employee.send_employee_sms import SendEmployeeSms
from automation.scope import Schema
from services.history.run_log import run_log
from services.history.timeline import timeline_entry
from tests.core.spec import Story, deal, rule

SMS = m.Connection(id="sms", channel="sms", provider="recording")
ANN = m.User(id="ann", name="Ann", phone="+491701", department="sales")


def sent(*definitions: m.Definition, text: str = "Call {{field:title}}", **params: Any) -> Story:
    """Return a deal that entered the stage of a rule with these parameters."""
    texts = {"text": text, "provider": "sms", **params}
    story = deal(rule("sms", "send_employee_sms", "assembly", texts), SMS, ANN, *definitions, comments="x" * 300)
    return story.when(c.SaveItem({}, stage="assembly"))


def test_the_responsible_gets_it() -> None:
    """The default addressee, at the own number; no results."""
    story = sent()
    sms = story.only(SmsRequested)

    assert (sms.audience, sms.connection, sms.to.text, sms.text.text) == ("employee", "sms", "+491701", "Call Desk")
    done = story.answer(sms).only(e.RuleRunCompleted)
    assert (done.results, done.notes) == ({}, ())


def test_another_employee_may_be_named() -> None:
    """One employee."""
    boss = m.User(id="boss", name="Berta", phone="+491702", department="sales")

    assert sent(boss, employee="user:boss").only(SmsRequested).to.text == "+491702"


def test_nothing_stands_in_the_timeline() -> None:
    """An employee's SMS is not the client's correspondence."""
    story = sent()

    assert [timeline_entry(r) for r in story.last.events if isinstance(r.event, SmsRequested)] == [None]


@pytest.mark.parametrize(("length", "refused"), [(200, False), (201, True)])
def test_a_text_of_over_200_characters_is_not_saved(length: int, refused: bool) -> None:
    """Counted as Unicode characters, as it is written."""
    raw = {"text": "ж" * length, "provider": "sms"}
    if refused:
        with pytest.raises(InvalidParamsError, match="201 characters"):
            compile_arguments(SendEmployeeSms, raw, Schema({}))
    else:
        compile_arguments(SendEmployeeSms, raw, Schema({}))


def test_a_rendered_text_is_cut_and_the_run_log_says_so() -> None:
    """What insertions make longer than 200 characters."""
    story = sent(text="{{field:comments}}")
    sms, began = story.only(SmsRequested), story.last.events
    story.answer(sms)

    assert sms.text.text == "x" * 200
    assert story.only(e.RuleRunCompleted).notes == ("truncated",)
    (run,) = run_log([*began, *story.last.events]).runs
    assert (run.status, run.notes) == ("completed", ("truncated",))


def test_exactly_200_rendered_characters_are_not_cut() -> None:
    """The edge."""
    story = sent(text="{{field:comments}}")
    short = deal(rule("sms", "send_employee_sms", "assembly", {"text": "{{field:comments}}", "provider": "sms"}),
                 SMS, ANN, comments="y" * 200).when(c.SaveItem({}, stage="assembly"))  # fmt: skip
    short.answer(short.only(SmsRequested))

    assert story.only(SmsRequested).text.text == "x" * 200
    assert short.only(e.RuleRunCompleted).notes == ()


@pytest.mark.parametrize(
    ("definitions", "params", "reason"),
    [
        ((), {"employee": "user:old"}, "no_recipient"),
        ((), {"employee": "user:boss"}, "no_phone"),
        ((), {"provider": "other"}, "no_provider"),
        ((m.Connection(id="sms", channel="sms", provider="recording", active=False),), {}, "no_provider"),
        ((m.Connection(id="mail", channel="email", provider="recording"),), {"provider": "mail"}, "no_provider"),
    ],
)
def test_what_is_missing_is_the_reason(
    definitions: tuple[m.Definition, ...], params: dict[str, Any], reason: str
) -> None:
    """A dismissed employee, one without a number, a provider absent, disconnected, or of another channel."""
    assert sent(*definitions, **params).only(e.RuleRunFailed).reason == reason


def test_a_failed_delivery_is_the_runs_reason() -> None:
    """What the channel says."""
    story = sent()
    story.answer(story.only(SmsRequested), "failed", "delivery")

    assert story.only(e.RuleRunFailed).reason == "delivery"


def test_a_message_waits_for_quiet_hours_without_failing_its_run() -> None:
    """Where the channel has quiet hours, the run's deadline lies a day further."""
    quiet = m.Settings(channels={"sms": m.ChannelLimits(quiet_from="22:00", quiet_until="08:00")})
    hour, day = 3_600_000, 86_400_000

    assert sent().only(e.RuleRunStarted).deadline == 1_000 + hour
    assert sent(quiet).only(e.RuleRunStarted).deadline == 1_000 + hour + day
