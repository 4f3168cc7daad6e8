"""The payment scenario of the specification, told change by change (spec 2.1, 2.2, 3.1.1, 3.2)."""

from __future__ import annotations

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Money, Personal
from tests.core.spec import DEAL, PEOPLE, TENANT, Story, book_of, deal, pipeline, rule, trigger

EUR_20K = Money(2_000_000, "EUR")
LINK = {"payment_link": "https://pay.test/x", "payment_id": "p1", "payment_amount": EUR_20K}
OVER_10K = {"field": "amount", "op": "gt", "value": {"minor": 1_000_000, "currency": "EUR"}}

LINK_RULE = rule("link", "create_payment_link", "invoice_sent", {}, order=1)
MAIL_RULE = rule(
    "mail",
    "send_client_email",
    "invoice_sent",
    {"subject": "Invoice for {{field:title}}", "text": "Pay {{field:amount}} at {{result:link.payment_link}}"},
    order=2,
)
COMMENT_RULE = rule("note", "add_item_comment", "invoice_sent", {"text": "Link: {{result:link.payment_link}}"}, order=3)
BIG_RULE = rule(
    "big",
    "add_notification",
    "invoice_sent",
    {"text": "{{field:title}} is big", "recipients": ["department:sales"]},
    order=4,
    condition=OVER_10K,
)
LATE_RULE = rule("late", "add_item_comment", "invoice_sent", {"text": "Still unpaid"}, order=5, delay=300_000)
KEEP_RULE = rule(
    "keep",
    "edit_item",
    "invoice_sent",
    {"fields": [{"field": "comments", "value": "{{result:link.payment_id}}"}]},
    order=6,
    run_mode="parallel",
)
PAID = trigger("paid", "track_order_payment", "assembly", on_behalf_of="user:boss")
DONE_RULE = rule("done", "add_item_comment", "assembly", {"text": "Assemble {{field:title}}"})


def scenario(*more: object, **fields: object) -> Story:
    """Return a deal of 20,000 EUR with a client, before its invoice is sent."""
    rules = (LINK_RULE, MAIL_RULE, COMMENT_RULE, BIG_RULE, LATE_RULE)
    values = {"amount": EUR_20K, "email_work": "client@home.test", **fields}
    return deal(*rules, PAID, DONE_RULE, *more, **values)  # type: ignore[arg-type]


def sent(story: Story) -> Story:
    """Move the deal to the stage of the scenario."""
    return story.when(c.SaveItem({}, stage="invoice_sent"))


def test_entering_the_stage_asks_for_a_payment_and_waits() -> None:
    """The first rule asks for the payment document; those after it wait for it to end."""
    story = sent(scenario())

    assert story.kinds() == ["StageMoved", "RuleRunStarted", "PaymentRequested"]
    asked = story.only(effects.PaymentRequested)
    assert (asked.amount, asked.payable) == (EUR_20K, DEAL.text)


def test_mail_goes_out_with_the_link_after_it_was_made() -> None:
    """The e-mail rule begins once the link is there, and carries it."""
    story = sent(scenario())
    story.answer(story.only(effects.PaymentRequested), **LINK)

    mail = story.only(effects.ClientEmailRequested)
    assert mail.text == Personal("Pay 20000.00 EUR at https://pay.test/x")
    assert mail.subject == Personal("Invoice for Desk")
    assert (mail.to, mail.sender) == (Personal("client@home.test"), "ann@acme.test")


def test_whole_stage_runs_in_order() -> None:
    """Comment, notifications to the whole department, then the delayed rule, each after the one before."""
    story = sent(scenario())
    story.answer(story.only(effects.PaymentRequested), **LINK)
    story.answer(story.only(effects.ClientEmailRequested))
    assert story.only(e.CommentAdded).text == Personal("Link: https://pay.test/x")
    told = [event for event in story.events if isinstance(event, effects.NotificationRequested)]
    assert [event.recipient for event in told] == ["ann", "boss"]

    story.answer(told[0])
    assert story.kinds() == ["EffectAnswered"]
    story.answer(told[1])
    assert story.kinds() == ["EffectAnswered", "RuleRunCompleted", "RuleRunDelayed"]

    due = story.only(e.RuleRunDelayed).due
    story.wake()
    assert story.kinds() == ["CommentAdded", "RuleRunCompleted"]
    assert story.last.events[0].envelope.recorded_at == due
    assert not story.state.runs


def test_condition_that_is_false_skips_the_rule_alone() -> None:
    """A deal of 5,000 EUR notifies nobody, and the delayed rule still has its turn."""
    story = sent(scenario(amount=Money(500_000, "EUR")))
    story.answer(story.only(effects.PaymentRequested), **LINK)
    story.answer(story.only(effects.ClientEmailRequested))

    assert story.only(e.RuleRunSkipped).reason == "condition_not_met"
    assert story.only(e.RuleRunDelayed).rule_id == "late"


def test_payment_moves_the_deal_alerts_and_runs_the_new_stage() -> None:
    """The paid fact fires the trigger on behalf of the chosen user; the left stage's delayed rule is cancelled."""
    story = sent(scenario())
    story.answer(story.only(effects.PaymentRequested), **LINK)
    story.when(c.ReportPayment("p1", "", "unpaid", EUR_20K, "https://pay.test/x"), source="app")
    story.when(c.ReportPayment("p1", "", "paid", EUR_20K, "https://pay.test/x"), source="app", actor="system")

    moved = next(r for r in story.last.events if isinstance(r.event, e.StageMoved))
    assert (moved.event.to_stage, moved.event.automated) == ("assembly", True)
    assert (moved.envelope.actor, moved.envelope.on_behalf_of) == ("trigger:paid", "boss")
    alert = story.only(effects.NotificationRequested)
    assert alert.recipient == "ann"
    assert alert.text.text == "Desk: payment of 20000.00 EUR was paid. Stage: Product assembly."
    cancelled = [event.rule_id for event in story.events if isinstance(event, e.RuleRunCancelled)]
    assert cancelled == ["note", "big", "late"]
    assert story.only(e.CommentAdded).text == Personal("Assemble Desk")


def test_payment_reported_twice_fires_once() -> None:
    """A repeat of the same change leaves nothing; a second report of the same payment changes nothing."""
    story = sent(scenario())
    paid = c.ReportPayment("p1", "", "paid", EUR_20K, "")
    frame = story.frame(source="app")
    assert "TriggerFired" in story.repeat(frame, paid).kinds()

    assert story.repeat(frame, paid).kinds() == []
    assert story.when(paid, source="app").kinds() == ["ChangeSeen"]


def test_late_unpaid_report_does_not_undo_a_payment() -> None:
    """Reports out of order: what says unpaid after paid is overtaken."""
    story = sent(scenario())
    story.when(c.ReportPayment("p1", "", "paid", EUR_20K, ""), source="app")

    assert story.when(c.ReportPayment("p1", "", "unpaid", EUR_20K, ""), source="app").kinds() == ["ChangeSeen"]
    assert story.state.payments["p1"].status == "paid"


def test_backward_move_needs_permission_and_alerts_all_the_same() -> None:
    """A paid deal beyond the target stays, with a recorded skip; the responsible is told with the unchanged stage."""
    story = scenario()
    story.when(c.SaveItem({}, stage="won"))
    story.when(c.ReportPayment("p1", "", "paid", EUR_20K, ""), source="app")

    assert story.only(e.TriggerSkipped).reason == "previous_stage_not_allowed"
    assert story.only(effects.NotificationRequested).text.text.endswith("Stage: Won.")


def test_backward_move_with_permission() -> None:
    """With `allow_previous_stage` a closed deal moves back."""
    story = deal(trigger("paid", "track_order_payment", "assembly", allow_previous_stage=True), stage="won")
    story.when(c.ReportPayment("p1", "", "paid", EUR_20K, ""), source="app")

    assert story.only(e.StageMoved).to_stage == "assembly"


def test_trigger_condition_that_is_false_ignores_the_payment() -> None:
    """A trigger whose condition does not hold neither moves nor alerts."""
    story = deal(trigger("paid", "track_order_payment", "assembly", condition=OVER_10K), amount=Money(5, "EUR"))
    story.when(c.ReportPayment("p1", "", "paid", Money(5, "EUR"), ""), source="app")

    assert story.kinds() == ["PaymentNoted"]


def test_deal_in_another_pipeline_is_left_alone() -> None:
    """Triggers of one pipeline do not see deals of another."""
    story = Story(book_of(pipeline(), pipeline(name="second", default=False), *PEOPLE, PAID))
    story.when(c.CreateItem({"title": "Desk"}, pipeline="second", responsible="ann"))
    story.when(c.ReportPayment("p1", "", "paid", EUR_20K, ""), source="app")

    assert story.kinds() == ["PaymentNoted"]


def test_deleted_deal_takes_no_payment_and_no_answer() -> None:
    """Deleting cancels what runs; what comes later is seen and goes no further."""
    story = sent(scenario())
    asked = story.only(effects.PaymentRequested)
    story.when(c.DeleteItem())
    assert story.kinds()[0] == "ItemDeleted"
    assert {event.cause for event in story.events[1:]} == {"item_deleted"}

    assert story.answer(asked, **LINK).kinds() == ["ChangeSeen"]
    assert story.when(c.ReportPayment("p1", "", "paid", EUR_20K, ""), source="app").kinds() == ["ChangeSeen"]


def test_running_rule_finishes_after_the_stage_was_left() -> None:
    """A running rule ends in its own time, and its results stay with the left stage entry."""
    story = sent(scenario())
    asked = story.only(effects.PaymentRequested)
    story.when(c.SaveItem({}, stage="new"))
    story.answer(asked, **LINK)

    assert story.kinds() == ["EffectAnswered", "RuleRunCompleted"]
    assert story.state.results == {}


def test_second_entry_of_the_stage_makes_no_second_document() -> None:
    """An item with a payment document skips the rule; the later ones run with an empty link."""
    story = sent(scenario())
    story.answer(story.only(effects.PaymentRequested), **LINK)
    story.when(c.ReportPayment("p1", "", "unpaid", EUR_20K, ""), source="app")
    story.when(c.SaveItem({}, stage="new"))
    story = sent(story)

    assert story.only(e.RuleRunSkipped).reason == "payment_document_exists"
    assert story.only(effects.ClientEmailRequested).text == Personal("Pay 20000.00 EUR at ")


def test_parallel_rule_keeps_a_result_that_may_be_empty() -> None:
    """A parallel rule runs at the entry, before the link is there."""
    story = sent(scenario(KEEP_RULE, comments="old"))

    assert story.only(e.FieldsChanged).changes == (e.FieldChange("comments", "old", None),)


def test_result_is_kept_in_a_field_by_a_later_rule() -> None:
    """`edit_item` after the link rule stores its result."""
    keep = rule(
        "keep", "edit_item", "invoice_sent", {"fields": [{"field": "comments", "value": "{{result:link.payment_id}}"}]},
        order=2,
    )  # fmt: skip
    story = sent(deal(LINK_RULE, keep, amount=EUR_20K))
    story.answer(story.only(effects.PaymentRequested), **LINK)

    assert story.state.fields["comments"] == "p1"


def test_nothing_to_pay() -> None:
    """A deal without an amount fails the link rule alone."""
    story = sent(deal(LINK_RULE))

    assert story.only(e.RuleRunFailed).reason == "nothing_to_pay"


def test_client_without_address() -> None:
    """No address on the deal and no client linked: the mail fails with the spec's code."""
    story = sent(deal(MAIL_RULE.model_copy(update={"params": {"subject": "x", "text": "y"}})))

    assert story.only(e.RuleRunFailed).reason == "no_email_address"


def test_address_is_asked_from_the_contact() -> None:
    """The deal's contact is asked for its address, then the mail is sent."""
    story = sent(deal(MAIL_RULE.model_copy(update={"params": {"subject": "x", "text": "y"}}), contact="c1"))
    asked = story.only(effects.ItemAsked)
    assert asked.target == f"{TENANT}/contact/c1"

    story.answer(asked, email=Personal("c1@home.test"))
    assert story.only(effects.ClientEmailRequested).to == Personal("c1@home.test")


def test_answers_that_never_come_end_as_delivery_unknown() -> None:
    """At the deadline the call's fate is unknown, and the rule fails with that code."""
    story = sent(deal(LINK_RULE, amount=EUR_20K))
    story.wake()

    assert story.kinds() == ["EffectAnswered", "RuleRunFailed", "RuleFailureTold", "NotificationRequested"]
    assert story.only(e.RuleRunFailed).reason == "delivery_unknown"


def test_product_rows_of_two_currencies_are_summed_at_the_rates() -> None:
    """The payment is asked for in the first row's currency; a row without a rate leaves nothing to ask for."""
    rows = (
        e.ProductRow("a", "Desk", 2_000, Money(10_000, "EUR")),
        e.ProductRow("b", "Lamp", 1_000, Money(5_000, "USD")),
    )
    priced = deal(LINK_RULE, m.Rates(base="EUR", rates={"USD": "0.8"})).when(c.SaveItem({}, rows=rows))
    assert sent(priced).only(effects.PaymentRequested).amount == Money(24_000, "EUR")

    unpriced = deal(LINK_RULE).when(c.SaveItem({}, rows=rows))
    assert sent(unpriced).only(e.RuleRunFailed).reason == "nothing_to_pay"
