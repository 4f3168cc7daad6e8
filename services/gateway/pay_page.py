"""The HTML of a payment link's page: no scripts, every value escaped (spec 1.13)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape

from automation.items.events import ProductRow
from automation.money import amount_text
from automation.payments.page import Page
from automation.values import Money

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f3f4f6;color:#111827}
main{max-width:34rem;margin:8vh auto;padding:2rem;background:#fff;border-radius:12px;box-shadow:0 1px 8px #0002}
h1{font-size:1.25rem;margin:0 0 1rem;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}td{padding:.3rem 0;border-bottom:1px solid #e5e7eb;overflow-wrap:anywhere}
td+td{text-align:right;white-space:nowrap;padding-left:1rem}
.total{font-size:1.6rem;font-weight:600;margin:1rem 0}
.state{padding:.6rem 1rem;border-radius:8px;background:#ecfdf5;color:#065f46}
.state.voided,.state.unknown{background:#fef2f2;color:#991b1b}
button{font:inherit;width:100%;padding:.8rem;border:0;border-radius:8px;background:#2563eb;color:#fff;cursor:pointer}
small{color:#6b7280}
"""
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the address is the secret
    "X-Robots-Tag": "noindex",
    "X-Frame-Options": "DENY",
}
_STATES = {"unpaid": "Waiting for payment", "paid": "Paid. Thank you!", "voided": "This payment was cancelled."}


def render(page: Page, *, simulated: bool) -> str:
    """Return the page of a payment document; the button is there only while it can be paid."""
    rows = "".join(_row(row) for row in page.rows)
    table = f"<table>{rows}</table>" if rows else ""
    state = escape(_STATES.get(page.status, page.status))
    told = f'<p class="state {escape(page.status)}">{state}</p>'
    button = _button() if simulated and page.takes_payment else ""
    title = escape(page.title.text) or "Payment"
    return _document(title, f'<h1>{title}</h1>{table}<p class="total">{_money(page.amount)}</p>{told}{button}')


def render_unknown() -> str:
    """Return the page of a link that is none."""
    return _document("Unknown link", '<h1>Unknown link</h1><p class="state unknown">There is nothing to pay here.</p>')


def _button() -> str:
    return (
        '<form method="post"><button type="submit">Pay (simulated)</button></form>'
        "<small>This is a test provider: no money moves.</small>"
    )


def _row(row: ProductRow) -> str:
    quantity = f"{row.quantity_milli / 1000:g}"
    return f"<tr><td>{escape(row.name)}</td><td>{quantity} × {_money(row.price)}</td></tr>"


def _money(money: Money) -> str:
    return escape(f"{amount_text(money)} {money.currency}")


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
