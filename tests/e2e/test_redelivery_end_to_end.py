"""All that came in and all that went out to be performed, delivered again on a real Kafka: nothing happens twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from automation.values import Money
from services.edge.kafka import KafkaSettings, consumer, producer
from tests.e2e.company import Company, Item, eventually

pytestmark = pytest.mark.kafka

EUR_20K = Money(2_000_000, "EUR")
INBOXES = ("crm.changes", "crm.payments", "crm.effects")


def _seen(company: Company, deal: Item) -> dict[str, Any]:
    """Return all that people see of a deal, on every channel."""
    return {
        "state": deal.state(),
        "timeline": company.get(f"/v1/items/{deal.path}/timeline?limit=200"),
        "runs": company.get(f"/v1/items/{deal.path}/runs"),
        "mails": company.mails(deal),
        "told": [company.told(user, deal.title) for user in ("ann", "marta", "berta", "lena")],
    }


async def _all(kafka: KafkaSettings, topics: Sequence[str]) -> list[ConsumerRecord[bytes, bytes]]:
    reader: Any = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    try:
        found = []
        for topic in topics:
            await reader._client._wait_on_metadata(topic)
            parts = [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic))]
            reader.assign(parts)
            ends = await reader.end_offsets(parts)
            await reader.seek_to_beginning(*parts)
            while any([await reader.position(part) < end for part, end in ends.items()]):
                found += [one for batch in (await reader.getmany(timeout_ms=500)).values() for one in batch]
        return found
    finally:
        await reader.stop()


async def _deliver_again(kafka: KafkaSettings, topics: Sequence[str]) -> int:
    """Send every record of the topics again as it was, each twice in a row."""
    records = await _all(kafka, topics)
    sender = producer(kafka)
    await sender.start()
    try:
        for one in records:
            for _ in range(2):
                await sender.send_and_wait(
                    one.topic, one.value, one.key, partition=one.partition, headers=list(one.headers)
                )
    finally:
        await sender.stop()
    return len(records)


async def test_nothing_that_is_delivered_again_happens_again(company: Company, kafka: KafkaSettings) -> None:
    """A deal from its invoice to its payment: mail, link, notices, alert, move; then all of it again, twice."""
    deal = Item(company, "deal", EUR_20K, email_work="client@home.test").create().save(stage="invoice_sent")
    payment = deal.link()["payment_id"]
    assert deal.ending("link-mail") == ("completed", "")
    assert company.notice(payment, EUR_20K, "paid", f"n-{deal.id}").status == 204
    deal.reach("assembly")
    assert deal.ending("tell-foremen") == ("completed", "")
    eventually(company.at_rest)
    before = _seen(company, deal)
    assert before["mails"]
    assert before["told"][0]

    count = await _deliver_again(kafka, [f"{company.prefix}{name}" for name in INBOXES])
    await asyncio.to_thread(eventually, company.at_rest)

    assert count > 10
    assert _seen(company, deal) == before
