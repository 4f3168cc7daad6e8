"""Payment links and the pages behind them (spec 1.13)."""

from __future__ import annotations

import json

import pytest

from automation.envelope import Key
from automation.payments.changes import LinkOrder
from automation.values import Money
from services.payment_tracker.links import PaymentPages, link_maker, token_of
from services.payment_tracker.webhook_secrets import WebhookSecrets

SECRET = b"thirty-two bytes for the links !"


def pages_of(*payables):
    """Fold the logs of payables into an index."""
    pages = PaymentPages()
    for payable in payables:
        for recorded in payable.log:
            pages.apply(recorded)
    return pages


def page_of(payable):
    """Return the page behind the link of the payable's only document."""
    return pages_of(payable).lookup(token_of(payable.state.documents[payable.only_payment].link))


def test_a_page_shows_amount_rows_and_title(deal):
    """And takes payment while the document is unpaid."""
    request = deal.ask()
    page = page_of(deal.given(request))
    assert (page.amount, page.rows, page.title) == (Money(10_000, "EUR"), request.rows, request.title)
    assert (page.payable, page.takes_payment) == (Key.parse("acme/deal/7"), True)


@pytest.mark.parametrize("status", ["paid", "voided"])
def test_a_page_refuses_payment_once_paid_or_voided(deal, status):
    """The page stays and says why."""
    deal.given(deal.ask())
    page = page_of(deal.given(deal.notice(status)))
    assert (page.status, page.takes_payment) == (status, False)


def test_a_failed_attempt_leaves_the_page_payable(deal):
    """The client may try again behind the same link."""
    deal.given(deal.ask())
    assert page_of(deal.given(deal.notice("failed"))).takes_payment


def test_events_read_again_change_nothing(deal):
    """After a restart of the reader, a paid document does not become payable for a moment."""
    deal.given(deal.ask()).given(deal.notice("paid"))
    pages = pages_of(deal)
    pages.apply(deal.log[0])
    assert pages.of_payment(deal.only_payment).status == "paid"


def test_orders_and_links_have_no_page_of_their_own(order):
    """Only documents have one."""
    pages = pages_of(order.given(LinkOrder("acme/deal/9")))
    assert (pages.lookup(""), pages.lookup("A1"), pages.of_payment("A1")) == (None, None, None)


def test_a_link_is_stable_and_tells_nothing_of_another():
    """The same payment has the same link; payments and secrets that differ share no token."""
    link_for = link_maker("https://pay.example/p/", SECRET)
    links = {link_for("a"), link_for("a"), link_for("b"), link_maker("https://pay.example/p", SECRET[::-1])("a")}
    assert len(links) == 3
    assert all(link.startswith("https://pay.example/p/") and len(token_of(link)) == 32 for link in links)


def test_a_short_link_secret_is_refused():
    """Links that can be guessed are no links."""
    with pytest.raises(ValueError, match="32 bytes"):
        link_maker("https://pay.example", b"short")


def test_webhook_secrets_are_read_per_tenant_and_provider(tmp_path):
    """Another tenant's, and a provider that is not set up, have none."""
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"acme": {"stripe": ["the-new-secret-0001", "the-old-secret-0001"]}}))
    secrets = WebhookSecrets.read(path)
    assert secrets.of("acme", "stripe") == ["the-new-secret-0001", "the-old-secret-0001"]
    assert (secrets.of("acme", "generic"), secrets.of("rival", "stripe")) == ([], [])


@pytest.mark.parametrize("text", ['{"acme": {"stripe": ["hunter2"]}}', '{"acme": {"stripe": "hunter2"}}', "hunter2"])
def test_a_wrong_file_of_secrets_is_refused_without_showing_it(tmp_path, text):
    """The message names the place, never the value."""
    path = tmp_path / "secrets.json"
    path.write_text(text)
    with pytest.raises(ValueError) as refused:
        WebhookSecrets.read(path)
    assert "hunter2" not in str(refused.value)
