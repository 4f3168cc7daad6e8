"""Payments over HTTP: webhooks of providers, the payment page, orders and payments by hand."""

from __future__ import annotations

from automation.payments.changes import LinkOrder, ProviderNotice, RecordPayment, RegisterOrder
from automation.values import Money
from tests.gateway_world import EUR_100, NOW, SECRET, TOKEN, World, pay, payment_of, world

__all__ = ["world"]

CHANGES = "/v1/items/deal/7/changes"
LEAD = {"item_type": "lead", "item_id": "9"}
CREATE = {"kind": "create", "fields": {"title": "Desk", "amount": {"minor": 10_000, "currency": "EUR"}}}


async def test_a_provider_s_webhook_reaches_its_payable(world: World):
    """Signed bytes become a notice; a repeat is answered 2xx and has the same change id."""
    notice = ProviderNotice("generic", "n1", payment_of("acme"), "paid", EUR_100, NOW)
    provider = world.ports.providers["generic"]
    body = provider.compose(notice)
    headers = dict(provider.sign("n1", body, SECRET, NOW))
    for _ in range(2):
        reply = await world.call("POST", "/v1/webhooks/payments/acme/generic", body, None, headers)
        assert reply.status == 204
    first, second = world.outbox.letters
    assert (first.stream, first.key.text, first.frame.change_id) == (
        "payments",
        "acme/deal/acme-1",
        second.frame.change_id,
    )


async def test_a_webhook_that_is_not_believed_changes_nothing(world: World):
    """A wrong signature, an unknown provider, and the payment of another tenant."""
    path = "/v1/webhooks/payments/acme/"
    assert (await world.call("POST", path + "generic", b"{}", None)).status == 401
    assert (await world.call("POST", path + "nobody", b"{}", None)).status == 404
    notice = ProviderNotice("generic", "n1", payment_of("other"), "paid", EUR_100, NOW)
    provider = world.ports.providers["generic"]
    body = provider.compose(notice)
    reply = await world.call("POST", path + "generic", body, None, dict(provider.sign("n1", body, SECRET, NOW)))
    assert (reply.status, reply.code) == (422, "unknown_payment")
    assert not world.outbox.letters


async def test_the_payment_page_shows_what_is_to_be_paid_and_takes_a_simulated_payment(world: World):
    """Amount and button, no script, everything escaped; paying sends the signed notice of a provider."""
    page = await world.call("GET", f"/pay/{TOKEN['acme']}", key=None)
    text = page.body.decode()
    assert "100.00 EUR" in text
    assert "&lt;b&gt;" in text
    assert "<script" not in text
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    paid = await world.call("POST", f"/pay/{TOKEN['acme']}", key=None)
    assert (paid.status, paid.headers["location"]) == (303, f"/pay/{TOKEN['acme']}?sent")
    (letter,) = world.outbox.letters
    assert (letter.change.provider, letter.change.status, letter.change.amount) == ("simulated", "paid", EUR_100)


async def test_a_settled_or_unknown_link_takes_no_payment(world: World):
    """Paid pages have no button; unknown tokens are 404 and look alike whatever they are."""
    pay(world.ports.pages, "acme")
    page = await world.call("GET", f"/pay/{TOKEN['acme']}", key=None)
    assert b"<button" not in page.body
    assert (await world.call("POST", f"/pay/{TOKEN['acme']}", key=None)).code == "settled"
    assert (await world.call("GET", f"/pay/{'C' * 32}", key=None)).status == 404
    off = world.with_ports(simulated=False)
    assert b"<button" not in (await off.call("GET", f"/pay/{TOKEN['other']}", key=None)).body
    assert (await off.call("POST", f"/pay/{TOKEN['other']}", key=None)).status == 404
    assert not world.outbox.letters


async def test_orders_and_payments_by_hand_reach_their_payable(world: World):
    """An order is its own payable; a payment by hand goes to the payable that its id names."""
    order = {
        "order_id": "A1",
        "amount": {"minor": 500, "currency": "EUR"},
        "items": [{"item_type": "deal", "item_id": "7"}],
    }
    assert (await world.call("POST", "/v1/orders", order)).status == 202
    assert (await world.call("POST", "/v1/orders/A1/items", {"item_type": "deal", "item_id": "8"})).status == 202
    assert (await world.call("POST", f"/v1/payments/{payment_of('acme')}", {"status": "paid"})).status == 202
    registered, linked, paid = world.outbox.letters
    assert registered.change == RegisterOrder(Money(500, "EUR"), ("acme/deal/7",))
    assert (linked.key.text, linked.change) == ("acme/order/A1", LinkOrder("acme/deal/8"))
    assert (paid.key.text, paid.change) == ("acme/deal/acme-1", RecordPayment(payment_of("acme"), "paid", NOW))
    assert (await world.call("GET", f"/v1/payments/{payment_of('acme')}")).json["status"] == "unpaid"


async def test_after_paying_the_page_renews_itself_until_the_payment_is_there(world: World):
    """The button is gone at once, so nobody presses it twice; once paid, the page stays as it is."""
    path = f"/pay/{TOKEN['acme']}?sent"
    waiting = (await world.call("GET", path, key=None)).body
    assert b'http-equiv="refresh"' in waiting
    assert b"<button" not in waiting
    pay(world.ports.pages, "acme")
    paid = (await world.call("GET", path, key=None)).body
    assert b"Paid" in paid
    assert b"refresh" not in paid


async def test_a_link_that_was_cut_short_is_told_to_people_not_to_programs(world: World):
    """Whatever stands behind `/pay/` is a link somebody has opened: the answer is a page."""
    page = await world.call("GET", "/pay/short", key=None)
    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
