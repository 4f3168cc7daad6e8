"""All that came in and all that went out to be performed, delivered again on a real Kafka: nothing happens twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from automation.values import Money
from services.edge.kafka import KafkaSettings
from tests.e2e.company import Company, Item, eventually
from tests.e2e.instances import now_ms
from tests.e2e.redelivery import at_rest, deliver_again

pytestmark = pytest.mark.kafka

EUR_20K = Money(2_000_000, "EUR")


def _seen(company: Company, deal: Item) -> dict[str, Any]:
    """Return all that people see of a deal, on every channel."""
    return {
        "state": deal.state(),
        "timeline": company.get(f"/v1/items/{deal.path}/timeline?limit=200"),
        "runs": company.get(f"/v1/items/{deal.path}/runs"),
        "mails": company.mails(deal),
        "told": [company.told(user, deal.title) for user in ("ann", "marta", "berta", "lena")],
    }


async def test_nothing_that_is_delivered_again_happens_again(company: Company, kafka: KafkaSettings) -> None:
    """A deal from its invoice to its payment: mail, link, notices, alert, move; then all of it again, twice."""
    since = now_ms()
    deal = Item(company, "deal", EUR_20K, email_work="client@home.test").create().save(stage="invoice_sent")
    payment = deal.link()["payment_id"]
    assert deal.ending("link-mail") == ("completed", "")
    assert company.notice(payment, EUR_20K, "paid", f"n-{deal.id}").status == 204
    deal.reach("assembly")
    assert deal.ending("tell-foremen") == ("completed", "")
    eventually(deal.alerts)
    before = at_rest(company, lambda: _seen(company, deal))
    assert before["mails"]
    assert before["told"][0]

    count = await deliver_again(kafka, company.prefix, since)

    assert count > 10
    assert await asyncio.to_thread(at_rest, company, lambda: _seen(company, deal)) == before
