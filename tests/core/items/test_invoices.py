"""Invoices and the items that they are linked to (spec 1.13, 2.1)."""

from __future__ import annotations

from automation.envelope import Key
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Money
from tests.core.spec import DEAL, PEOPLE, TENANT, Story, book_of, deal, pipeline, trigger

INVOICE = Key(TENANT, "invoice", "7")
EUR_100 = Money(10_000, "EUR")
SOURCE = e.Link("deal", DEAL.item_id, "source")


def invoice(**fields: object) -> Story:
    """Return an invoice of 100 EUR, linked to the deal."""
    story = Story(book_of(pipeline(), pipeline("invoice"), *PEOPLE), key=INVOICE)
    values = {"amount": EUR_100, **fields}
    return story.when(c.CreateItem(values, responsible="ann", links=(SOURCE,)))  # type: ignore[arg-type]


def test_covered_invoice_becomes_paid_and_tells_its_source() -> None:
    """The payment of its own document moves the invoice to Paid; the linked deal gets the fact with its fields."""
    story = invoice(title="Invoice 7").when(c.ReportPayment("p", "", "paid", EUR_100, ""), source="app")

    assert story.kinds() == ["PaymentNoted", "StageMoved", "ItemAsked"]
    fact = story.only(effects.ItemAsked)
    assert (fact.target, fact.question) == (DEAL.text, "invoice_paid")
    assert fact.args["field.title"] == "Invoice 7"


def test_part_payment_leaves_the_invoice_open() -> None:
    """What is paid must cover the amount, over several documents."""
    story = invoice().when(c.ReportPayment("p", "", "paid", Money(4_000, "EUR"), ""), source="app")
    assert story.kinds() == ["PaymentNoted"]

    story.when(c.ReportPayment("q", "", "paid", Money(6_000, "EUR"), ""), source="app")
    assert story.only(e.StageMoved).to_stage == "won"


def test_other_currency_does_not_cover() -> None:
    """A payment in another currency is not counted."""
    story = invoice().when(c.ReportPayment("p", "", "paid", Money(90_000, "USD"), ""), source="app")

    assert story.kinds() == ["PaymentNoted"]


def test_paying_again_after_un_paying_is_a_new_fact() -> None:
    """Each transition into Paid counts; saving a paid invoice again does not."""
    story = invoice().when(c.SaveItem({}, stage="won"))
    first = story.only(effects.ItemAsked)
    assert story.when(c.SaveItem({"title": "x"}, stage="won")).kinds() == ["FieldsChanged"]

    story.when(c.SaveItem({}, stage="new"))
    story.when(c.SaveItem({}, stage="won"))
    assert story.only(effects.ItemAsked).effect_id != first.effect_id


def paid_fact(effect_id: str = "f1") -> c.AskItem:
    """Return the fact that invoice 7 over 100 EUR was paid."""
    args = {"invoice_id": "7", "amount": EUR_100, "field.title": "Invoice 7", "field.amount": EUR_100}
    return c.AskItem(effect_id, "", "invoice_paid", args, "")


def test_invoice_paid_moves_the_deal_and_alerts() -> None:
    """The linked deal moves, and its responsible is told what was paid."""
    story = deal(trigger("inv", "track_invoice_payment", "assembly")).when(paid_fact(), source="app")

    assert story.kinds() == ["InvoicePaidNoted", "TriggerFired", "StageMoved", "NotificationRequested"]
    assert "invoice of 100.00 EUR" in story.only(effects.NotificationRequested).text.text


def test_condition_may_test_invoice_fields() -> None:
    """The fields travel with the fact."""
    over = {"field": "invoice.amount", "op": "gt", "value": {"minor": 50_000, "currency": "EUR"}}
    story = deal(trigger("inv", "track_invoice_payment", "assembly", condition=over)).when(paid_fact(), source="app")

    assert story.kinds() == ["InvoicePaidNoted"]


def test_invoice_payment_does_not_fire_the_order_trigger() -> None:
    """A linked invoice set to Paid fires only the invoice trigger."""
    story = deal(trigger("ord", "track_order_payment", "assembly")).when(paid_fact(), source="app")

    assert story.kinds() == ["InvoicePaidNoted"]


def test_first_permitted_move_alone_is_made() -> None:
    """Several matching triggers: stage order decides, one move is made."""
    late = trigger("late", "track_invoice_payment", "won")
    early = trigger("early", "track_invoice_payment", "assembly")
    story = deal(late, early).when(paid_fact(), source="app")

    assert story.only(e.StageMoved).to_stage == "assembly"
    assert story.only(e.TriggerFired).trigger_id == "early"


def test_question_about_an_unknown_item_is_answered_without_state() -> None:
    """Who asks an unknown contact is told `item_not_found`; nothing is left behind."""
    story = Story(book_of(pipeline(), *PEOPLE), key=Key(TENANT, "contact", "nobody"))
    story.when(c.AskItem("e1", "r1", "contact_point", {"address_type": "any"}, DEAL.text), source="automation_rule")

    assert story.events == []
    (request,) = story.last.requests
    assert (request.key, request.change.reason) == (DEAL, "item_not_found")
    assert story.state.version == 0


def test_contact_answers_with_its_first_address() -> None:
    """The address is personal data, and stays marked as such."""
    story = Story(book_of(pipeline(), *PEOPLE), key=Key(TENANT, "contact", "c1"))
    story.when(c.CreateItem({"email_home": "c1@home.test"}))
    story.when(c.AskItem("e1", "r1", "contact_point", {"address_type": "any"}, DEAL.text))

    told = story.only(effects.ItemAnswered)
    assert (told.reply_to, told.results["email"].text) == (DEAL.text, "c1@home.test")
