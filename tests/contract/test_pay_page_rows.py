"""The rows on the page behind a payment link (spec 1.13)."""

from __future__ import annotations

from automation.envelope import Key
from automation.items.parts import ProductRow
from automation.payments.page import Page
from automation.values import Money, Personal
from services.gateway.pay_page import render

CHAIR = ProductRow("p", "Chair <b>", 1_500, Money(123_456_700, "EUR"), unit="m<")
DISCOUNTED = ProductRow("q", "Lamp", 1_000, Money(500, "EUR"), discount_milli=12_500)


def page(*rows: ProductRow) -> str:
    """Return the page of an unpaid document with these rows."""
    key = Key("acme", "deal", "1")
    return render(Page(key, 1, "p1", Personal("Desk"), rows, Money(1, "EUR"), "unpaid", "link"), simulated=False)


def test_a_row_shows_quantity_with_unit_and_price() -> None:
    """Escaped; without discounts there is no column for them."""
    shown = page(CHAIR)
    assert "<tr><td>Chair &lt;b&gt;</td><td>1.5 m&lt;</td><td>1\u202f234\u202f567.00 EUR</td></tr>" in shown
    assert "Discount" not in shown


def test_discounts_have_a_column_where_there_are_any() -> None:
    """Rows without one leave it empty."""
    shown = page(CHAIR, DISCOUNTED)
    assert "<th>Price of one</th><th>Discount</th>" in shown
    assert "<td>5.00 EUR</td><td>12.5 %</td></tr>" in shown
    assert "567.00 EUR</td><td></td></tr>" in shown


def test_without_rows_there_is_no_bill() -> None:
    """The amount alone is shown."""
    assert 'class="bill"' not in page()
