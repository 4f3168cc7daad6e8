"""The HTML of a payment link's page: no scripts, every value escaped (spec 1.13)."""

from __future__ import annotations

from html import escape

from automation.items.parts import ProductRow
from automation.items.product_rows import discount_text, quantity_text
from automation.money import amount_text
from automation.payments.page import Page
from automation.values import Money
from services.gateway.html import HEADERS, document

__all__ = ["HEADERS", "render", "render_unknown"]

_STATES = {"unpaid": "Waiting for payment", "paid": "Paid. Thank you!", "voided": "This payment was cancelled."}
_AMOUNTS = {"unpaid": "To pay", "paid": "Amount", "voided": "Nothing to pay any more"}
_SENT = "Your payment is being confirmed. This page renews itself."
_REFRESH_SECONDS = 1
_GROUP = "\u202f"  # a narrow space, which reads alike whatever a country's comma means
_MOST_DIGITS = 4


def render(page: Page, *, simulated: bool, sent: bool = False) -> str:
    """Return the page of a payment document; the button is there only while it can be paid.

    `sent`: the client has just paid here. The page then renews itself until the payment is in the log.
    """
    waiting = sent and page.takes_payment
    state = _SENT if waiting else _STATES.get(page.status, page.status)
    told = f'<p class="state {escape(page.status)}" role="status">{escape(state)}</p>'
    button = _button() if simulated and page.takes_payment and not waiting else ""
    title = escape(page.title.text) or "Payment"
    body = f"<h1>{title}</h1>{_bill(page.rows)}{_amount(page)}{told}{button}"
    return document(title, body, refresh=_REFRESH_SECONDS if waiting else 0)


def render_unknown() -> str:
    """Return the page of a link that is none."""
    told = '<p class="state unknown">There is nothing to pay here.</p>'
    hint = "<p>Please check that the link is complete, or ask whoever sent it for a new one.</p>"
    return document("Unknown link", f"<h1>Unknown link</h1>{told}{hint}")


def _button() -> str:
    return (
        '<form method="post"><button type="submit">Pay (simulated)</button></form>'
        "<small>This is a test provider: no money moves.</small>"
    )


def _amount(page: Page) -> str:
    told = _AMOUNTS.get(page.status, "Amount")
    return f'<p class="amount"><span>{told}</span><strong>{_money(page.amount)}</strong></p>'


def _bill(rows: tuple[ProductRow, ...]) -> str:
    if not rows:
        return ""
    discounts = any(row.discount_milli for row in rows)
    last = "<th>Discount</th>" if discounts else ""
    head = f"<tr><th>Product</th><th>Quantity</th><th>Price of one</th>{last}</tr>"
    body = "".join(_row(row, discounts=discounts) for row in rows)
    return f'<table class="bill"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _row(row: ProductRow, *, discounts: bool) -> str:
    cells = [escape(row.name), quantity_text(row, escape), _money(row.price)]
    cells += [escape(discount_text(row))] if discounts else []
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _money(money: Money) -> str:
    whole, point, part = amount_text(money).partition(".")
    grouped = f"{int(whole):,}".replace(",", _GROUP) if len(whole.lstrip("-")) > _MOST_DIGITS else whole
    return escape(f"{grouped}{point}{part} {money.currency}")
