"""The demo's figures are counted from events: outcomes, alerts, and which calls still wait for an answer."""

from __future__ import annotations

from automation.envelope import Key, Recorded
from automation.items import changes as c
from automation.items import effects
from automation.items.alert_events import RuleFailureTold
from automation.payments.events import NoticeIgnored
from automation.values import Money, Personal
from services.cli.demo.tally import Tally
from tests.core.items.test_payment_scenario import EUR_20K, LINK, scenario, sent
from tests.core.spec import PEOPLE, TENANT, Story, action, deal, template


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


def _human() -> Story:
    """Begin a process that asks people, behind a wait that the client may end."""
    steps = (action("bp_wait", "rest", interval_days=2), action("request_approval", title="?", assignees=["user:boss"]))
    return deal(*PEOPLE, template(*steps))


def test_processes_and_what_they_ask_people_are_counted() -> None:
    """Nobody owes an answer to a wait, nor people one to the demo: neither keeps a call open."""
    tally, story = Tally(), _human()
    _counted(tally, story.begin())
    done = tally.processes
    assert (done.started, len(done.waiting), tally.open) == ({"process": 1}, 1, {})

    _counted(tally, story.wake())
    assert (done.asked, tally.open) == ({"approval": 1}, {})

    _counted(tally, story.answer(story.only(effects.ItemAsked), decision="approved", decided_by="boss"))
    assert (done.decided, done.waiting) == ({"approved": 1}, {})
    assert done.ended == {("process", "completed"): 1}
    assert tally.calls == {}


def test_incidents_are_open_until_somebody_decides() -> None:
    """What failed is counted by its reason."""
    tally = Tally()
    step = {**action("request_approval", "ask", title="?", assignees=["user:nobody"]), "on_error": {"then": "stop"}}
    story = _counted(tally, deal(template(step)).begin())
    assert (tally.processes.incidents, tally.processes.resolved) == ({"no_recipient": 1}, 0)

    _counted(tally, story.control(next(iter(story.state.processes)), "skip", "ask"))
    assert (tally.processes.resolved, tally.processes.waiting) == (1, {})


def test_notices_of_records_are_no_alerts_about_payments() -> None:
    """People are told of their tasks by the records of these."""
    tally, story = Tally(), scenario()
    key = Key(TENANT, "human_task", "t1")
    notice = effects.NotificationRequested("n1", "", "ann", "system", Personal("Please read"), "/human-tasks/t1")
    tally.item(
        Recorded(
            story.last.events[0].envelope._replace(tenant=key.tenant, item_type=key.item_type, item_id=key.item_id),
            notice,
        )
    )

    assert (tally.alerts, tally.open) == (0, {})


def test_nobody_on_the_exceptions_list_is_no_failure() -> None:
    """The list has no record of most clients, and answers that there is none."""
    tally, story = Tally(), deal()
    lead = c.CreateItem({"title": "Desks", "email_work": "client@example.test"})
    _counted(tally, Story(story.book, Key(TENANT, "deal", "new")).when(lead, source="crm_form"))
    assert [list(kinds.values()) for kinds in tally.open.values()] == [["is_listed"]]
