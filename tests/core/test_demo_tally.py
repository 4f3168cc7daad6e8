"""The demo's figures are counted from events: outcomes, alerts, and which calls still wait for an answer."""

from __future__ import annotations

from automation.envelope import Recorded
from automation.items import changes as c
from automation.items import effects
from automation.items.alert_events import RuleFailureTold
from automation.payments.events import NoticeIgnored
from automation.values import Money, Personal
from services.cli.demo.tally import Tally
from tests.core.items.test_payment_scenario import EUR_20K, LINK, scenario, sent
from tests.core.spec import Story


def _counted(tally: Tally, story: Story) -> Story:
    for recorded in story.last.events:
        tally.item(recorded)
    return story


def test_calls_are_open_until_answered() -> None:
    """A request for a payment waits for its answer; then the mail does."""
    tally = Tally()
    story = _counted(tally, sent(scenario()))
    assert [list(kinds.values()) for kinds in tally.open.values()] == [["PaymentRequested"]]

    story.answer(story.only(effects.PaymentRequested), **LINK)
    _counted(tally, story)
    assert [list(kinds.values()) for kinds in tally.open.values()] == [["ClientEmailRequested"]]
    assert tally.calls == {("PaymentRequested", "completed"): 1}
    assert tally.outcomes() == {"completed": 1}


def test_payment_is_counted_as_move_and_alert() -> None:
    """A paid fact counts one firing, one alert, and the cancelled rules of the left stage with their cause."""
    tally = Tally()
    _counted(tally, sent(scenario()).when(c.ReportPayment("p1", "", "paid", EUR_20K, ""), source="app"))

    assert (tally.fired, tally.alerts) == ({"paid": 1}, 1)
    assert tally.runs["cancelled", "stage_left"] == 4
    assert [list(kinds.values()) for kinds in tally.open.values()] == [["Alert"]]


def test_deleted_item_has_no_open_calls() -> None:
    """Answers for a deleted item go no further, so nothing waits for them."""
    tally = Tally()
    story = _counted(tally, sent(scenario()))
    _counted(tally, story.when(c.DeleteItem()))

    assert tally.open == {}


def test_ignored_notices_are_counted_by_reason() -> None:
    """The payments log says why a notice had no effect."""
    tally, story = Tally(), scenario(amount=Money(5, "EUR"))
    envelope = story.last.events[0].envelope
    tally.payment(Recorded(envelope, NoticeIgnored("simulated", "n1", "p1", "already_paid")))

    assert (tally.payments, tally.ignored) == ({"NoticeIgnored": 1}, {"already_paid": 1})


def test_notice_of_a_failed_rule_is_no_alert_about_a_payment() -> None:
    """Both are notifications that no rule asked for; both wait for an answer."""
    tally, story = Tally(), scenario()
    envelope = story.last.events[0].envelope
    notice = effects.NotificationRequested("n1", "", "ann", "system", Personal("It failed"), "/items/acme/deal/1")
    tally.item(Recorded(envelope, RuleFailureTold("mail", "no_email_address")))
    tally.item(Recorded(envelope, notice))

    assert tally.alerts == 0
    assert [list(kinds.values()) for kinds in tally.open.values()] == [["FailureNotice"]]
