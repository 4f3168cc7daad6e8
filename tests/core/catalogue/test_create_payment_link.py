"""The rule `create_payment_link` (spec 3.1.1, 6.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.validation import check
from automation.envelope import Key
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.parts import ProductRow
from automation.payments.changes import LinkOrder, RegisterOrder, RequestPayment
from automation.payments.state import ORDER
from automation.values import Money, Value
from services.history.timeline import timeline_entry
from tests.core.payments.conftest import Payable
from tests.core.spec import CATALOGUE, DEAL, PEOPLE, TENANT, Story, book_of, deal, kind_of, pipeline, rule

EUR_10 = Money(1_000, "EUR")
EUR_20 = Money(2_000, "EUR")
OWN: dict[str, Any] = {}
BY_ORDER = {"auto_create": False, "order_id": "A1"}
ORDER_KEY = Key(TENANT, ORDER, "A1")


def row(minor: int, quantity_milli: int = 1_000, currency: str = "EUR") -> ProductRow:
    """Return a row of one product."""
    return ProductRow("p", "Chair", quantity_milli, Money(minor, currency))


def entered(params: dict[str, Any], *rows: ProductRow, more: tuple[m.Definition, ...] = (), **fields: Value) -> Story:
    """Return a deal that has entered the stage of the rule."""
    story = deal(rule("link", "create_payment_link", "invoice_sent", params), *more, **fields)
    return story.when(c.SaveItem({}, stage="invoice_sent", rows=rows or None))


def ended(story: Story) -> tuple[str, str]:
    """Return how the rule ended in the last turn."""
    kinds = (e.RuleRunCompleted, e.RuleRunSkipped, e.RuleRunFailed)
    (found,) = [event for event in story.events if isinstance(event, kinds)]
    return type(found).__name__, getattr(found, "reason", "")


def settle(story: Story, payable: Payable) -> Story:
    """Let `payment_tracker` decide on the request, and deliver everything that follows from it."""
    asked = story.only(effects.PaymentRequested)
    assert asked.payable == payable.key.text
    payable.when(
        RequestPayment(
            asked.effect_id, asked.run_id, DEAL.text, asked.order_id, asked.amount, asked.rows, asked.title,
            asked.document_exists,
        ),
        asked.effect_id,
    )  # fmt: skip
    for item, change in payable.reports():
        if item == DEAL.text:
            story.when(change, source="app")
    return story


def own_payable() -> Payable:
    """Return the deal's own payable."""
    return Payable(DEAL.text)


def order(*more: Any, amount: Money = EUR_20) -> Payable:
    """Return an order."""
    return Payable(ORDER_KEY.text).given(RegisterOrder(amount, ()), *more)


# --- a payment for the item's products ------------------------------------------------------------------------


def test_the_link_is_made_and_published() -> None:
    """Link, payment id and amount are results for the rules that follow."""
    story = settle(entered(OWN, row(500, 2_000)), payable := own_payable())

    assert story.only(e.RuleRunCompleted).results == {
        "payment_link": payable.state.documents[payable.only_payment].link,
        "payment_id": payable.only_payment,
        "payment_amount": EUR_10,
    }


def test_the_payment_stands_in_the_timeline() -> None:
    """Created, with its amount, unpaid."""
    story = entered(OWN, row(1_000))
    settle(story, payable := own_payable())
    story.repeat(story.frame(source="app"), c.ReportPayment("p2", "", "unpaid", EUR_10, "https://pay.test"))

    entry = timeline_entry(story.last.events[0])
    assert entry is not None
    assert (entry.kind, entry.facts["status"], entry.facts["amount"]) == ("payment", "unpaid", EUR_10)
    assert story.state.payments[payable.only_payment].status == "unpaid"


@pytest.mark.parametrize(
    ("rows", "amount", "asked"),
    [
        ((), EUR_20, EUR_20),
        ((row(1_000),), EUR_20, EUR_10),
        ((row(250, 1_500), row(25, 1_000)), None, Money(400, "EUR")),
        ((row(1, 500),), None, Money(1, "EUR")),
    ],
)
def test_what_is_to_be_paid(rows: tuple[ProductRow, ...], amount: Money | None, asked: Money) -> None:
    """The sum of the rows, each rounded half up; without rows the item's amount."""
    story = entered(OWN, *rows, amount=amount)

    request = story.only(effects.PaymentRequested)
    assert (request.amount, request.rows, request.payable, request.order_id) == (asked, story.state.rows, DEAL.text, "")
    assert [replace(row, row_id="") for row in request.rows] == list(rows)


def test_rows_of_another_currency_count_at_the_rates() -> None:
    """In the currency of the first row; without a rate there is nothing that could be asked for."""
    rows = (row(1_000), row(1_000, currency="USD"))
    rates = m.Rates(base="EUR", rates={"USD": "0.5"})

    assert entered(OWN, *rows, more=(rates,)).only(effects.PaymentRequested).amount == Money(1_500, "EUR")
    assert ended(entered(OWN, *rows)) == ("RuleRunFailed", "nothing_to_pay")


@pytest.mark.parametrize(
    ("rows", "amount"), [((), None), ((), Money(0, "EUR")), ((), Money(-5, "EUR")), ((row(0),), EUR_20)]
)
def test_nothing_to_pay(rows: tuple[ProductRow, ...], amount: Money | None) -> None:
    """No amount, none above zero, and rows count before the amount."""
    assert ended(entered(OWN, *rows, amount=amount)) == ("RuleRunFailed", "nothing_to_pay")


@pytest.mark.parametrize(("status", "exists"), [("unpaid", True), ("paid", True), ("voided", False)])
def test_an_existing_payment_document(status: str, exists: bool) -> None:
    """No link is generated; a voided one counts as absent."""
    story = deal(rule("link", "create_payment_link", "invoice_sent", OWN), amount=EUR_10)
    story.when(c.ReportPayment("p1", "", status, EUR_10, ""), source="app").when(c.SaveItem({}, stage="invoice_sent"))

    if exists:
        assert ended(story) == ("RuleRunSkipped", "payment_document_exists")
    else:
        assert story.only(effects.PaymentRequested).amount == EUR_10


def test_a_document_still_being_created_exists() -> None:
    """Two rules of one stage do not make two."""
    second = rule("again", "create_payment_link", "invoice_sent", OWN, order=1, run_mode="parallel")
    story = entered(OWN, more=(second,), amount=EUR_10)

    assert story.only(effects.PaymentRequested).amount == EUR_10
    assert story.only(e.RuleRunSkipped).reason == "payment_document_exists"


def test_results_are_empty_where_no_link_was_made() -> None:
    """A later rule that inserts the link still runs."""
    note = rule("note", "add_item_comment", "invoice_sent", {"text": "Pay: {{result:link.payment_link}}"}, order=1)
    story = entered(OWN, more=(note,))

    assert story.only(e.CommentAdded).text.text == "Pay: "


def test_an_amount_that_no_payment_can_have() -> None:
    """Sums are bounded."""
    assert ended(entered(OWN, *[row(10**15, 10**6)] * 2)) == ("RuleRunFailed", "invalid_value:amount")


# --- a payment of an order ------------------------------------------------------------------------------------


def test_an_order_gets_a_payment_of_what_is_outstanding() -> None:
    """The item's own products and amount do not matter."""
    story = settle(entered(BY_ORDER, row(5)), order())

    assert story.only(e.RuleRunCompleted).results["payment_amount"] == EUR_20


def test_an_open_payment_of_the_order_is_reused() -> None:
    """Another deal has asked for it before."""
    payable = order()
    payable.when(payable.ask("other", item="acme/deal/2"))
    story = settle(entered(BY_ORDER), payable)

    assert story.only(e.RuleRunCompleted).results["payment_id"] == payable.only_payment


def test_the_first_order_of_a_list_counts() -> None:
    """A field may hold several."""
    own = m.Fields(item_type="deal", fields=(m.FieldDef(code="orders", title="Orders", type="string", multiple=True),))
    params = {"auto_create": False, "order_id": "{{field:orders}}"}
    story = entered(params, more=(own,), orders=("A1", "A2"))

    assert story.only(effects.PaymentRequested).order_id == "A1"


def test_an_unknown_order() -> None:
    """Nobody registered it; one that was only linked is as unknown."""
    assert ended(settle(entered(BY_ORDER), Payable(ORDER_KEY.text))) == ("RuleRunFailed", "order_not_found")
    linked = Payable(ORDER_KEY.text).given(LinkOrder(DEAL.text))
    assert ended(settle(entered(BY_ORDER), linked)) == ("RuleRunFailed", "order_not_found")


def test_an_id_that_no_order_can_have() -> None:
    """It is not even asked for."""
    assert ended(entered(BY_ORDER | {"order_id": "x" * 201})) == ("RuleRunFailed", "order_not_found")


def test_a_paid_order() -> None:
    """Fully paid, whoever asked for it."""
    payable = order()
    payable.when(payable.ask("other", item="acme/deal/2"))
    payable.when(payable.by_hand("paid"))

    assert ended(settle(entered(BY_ORDER), payable)) == ("RuleRunFailed", "already_paid")


def test_an_order_of_nothing() -> None:
    """There is nothing to pay and nothing was paid."""
    assert ended(settle(entered(BY_ORDER), order(amount=Money(0, "EUR")))) == ("RuleRunFailed", "nothing_to_pay")


@pytest.mark.parametrize("status", ["unpaid", "paid"])
def test_other_documents_of_the_item_forbid_it(status: str) -> None:
    """One of its own, or of another order; those of the named order do not count."""
    for order_id, outcome in (("", "RuleRunSkipped"), ("A2", "RuleRunSkipped"), ("A1", "RuleRunCompleted")):
        story = deal(rule("link", "create_payment_link", "invoice_sent", BY_ORDER))
        story.when(c.ReportPayment("p1", order_id, status, Money(5, "EUR"), ""), source="app")
        settle(story.when(c.SaveItem({}, stage="invoice_sent")), order())

        assert ended(story)[0] == outcome


@pytest.mark.parametrize(
    ("registered", "paid", "reason"),
    [(False, False, "order_not_found"), (True, True, "already_paid"), (True, False, "payment_document_exists")],
)
def test_the_order_of_the_checks(registered: bool, paid: bool, reason: str) -> None:
    """The order's own state comes before the item's other document (spec 6.8)."""
    payable = order() if registered else Payable(ORDER_KEY.text)
    if paid:
        payable.when(payable.ask("other", item="acme/deal/2"))
        payable.when(payable.by_hand("paid"))
    story = deal(rule("link", "create_payment_link", "invoice_sent", BY_ORDER))
    story.when(c.ReportPayment("p1", "", "unpaid", EUR_10, ""), source="app")

    assert ended(settle(story.when(c.SaveItem({}, stage="invoice_sent")), payable))[1] == reason


def test_a_missing_order() -> None:
    """Known when saved where it is not inserted, else at run time."""
    saved = check(
        CATALOGUE, TENANT, {(kind_of(pipeline()), "main"): pipeline()},
        {("rule", "link"): rule("link", "create_payment_link", "invoice_sent", {"auto_create": False})},
    )  # fmt: skip
    assert [flaw.path for flaw in saved.errors] == ["params.order_id"]

    empty = entered(BY_ORDER | {"order_id": "{{field:comments}}"})
    assert ended(empty) == ("RuleRunFailed", "missing_value:order_id")


# --- all staged types -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("item_type", ["lead", "deal", "invoice", "quote", "spa_item.repair"])
def test_every_staged_type_may_ask(item_type: str) -> None:
    """The payable is the item itself."""
    key = Key(TENANT, item_type, "1")
    place = {"item_type": item_type, "pipeline": "p"}
    book = book_of(pipeline(item_type, "p"), *PEOPLE, rule("link", "create_payment_link", "new", OWN, **place))
    story = Story(book, key).when(c.CreateItem({"amount": EUR_10}))

    assert story.only(effects.PaymentRequested).payable == key.text
