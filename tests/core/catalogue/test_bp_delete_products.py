"""The action `bp_delete_products` (spec 4.24)."""

from __future__ import annotations

from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from automation.items.parts import ProductRow
from automation.values import Money, Value
from tests.core.spec import Story, deal

ROWS = tuple(ProductRow(name, name, 1_000, Money(5_000, "USD")) for name in ("chair", "lamp"))


def with_rows(**fields: Value) -> Story:
    """Return a deal with two rows."""
    return deal(**fields).when(c.SaveItem({}, rows=ROWS))


def test_all_rows_go_and_the_amount_is_zero() -> None:
    """In its own currency."""
    story = with_rows().run("bp_delete_products")

    removed = story.only(e.ProductRowsChanged)
    assert ([row.product_id for row in removed.old], removed.new) == (["chair", "lamp"], ())
    assert (story.state.rows, story.state.fields["amount"]) == ((), Money(0, "USD"))
    assert story.only(p.StepCompleted).results == {}


def test_a_given_amount_stays() -> None:
    """It was set manually."""
    story = with_rows(amount=Money(7, "EUR")).run("bp_delete_products")
    assert (story.state.rows, story.state.fields["amount"]) == ((), Money(7, "EUR"))


def test_no_rows() -> None:
    """There is nothing to do, and the amount stays."""
    story = deal(amount=Money(7, "EUR")).run("bp_delete_products")
    assert story.only(p.StepSkipped).reason == "no_products"
    assert with_rows().run("bp_delete_products").run("bp_delete_products").only(p.StepSkipped)


def test_payment_documents_are_untouched() -> None:
    """They keep what they ask for."""
    story = with_rows().when(c.ReportPayment("p1", "", "unpaid", Money(10_000, "USD"), "l"), source="app")
    before = story.state.payments
    assert story.run("bp_delete_products").state.payments == before
    assert before["p1"].amount == Money(10_000, "USD")
