"""A payer process: `python -m tests.chaos.payer` pays what `crm.payment-events` asks for, twice or late at times."""

from __future__ import annotations

import json
import os
import random
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import click
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame
from automation.payments.changes import PaymentChange, ProviderNotice, RecordPayment
from automation.payments.events import PaymentDocumentCreated
from automation.payments.ids import payable_of
from services.edge.codec import payment_changes, payment_events
from services.edge.topics import Topics
from tests.chaos.deal import SIGNER
from tests.chaos.sender import SENT

_HABITS: dict[str, tuple[str, ...]] = {
    "once": ("paid",),
    "repeated": ("paid", "again", "again"),
    "twice": ("paid", "paid"),
    "failed_first": ("failed", "paid"),
    "failed_late": ("paid", "failed"),
    "voided_late": ("voided", "paid"),
    "by_hand": ("by_hand",),
    "never": (),
}
"""What becomes of a payment document; `again` is the same notice once more."""


@click.command()
@click.option("--prefix", required=True)
@click.option("--bootstrap", required=True)
@click.option("--partitions", type=int, required=True)
@click.option("--place", type=click.Path(path_type=Path), required=True, help="Keeps how far it has read.")
def main(prefix: str, bootstrap: str, partitions: int, place: Path) -> None:
    """Pay until killed; what was read and not yet noted down is paid once more."""
    uvloop.run(_Payer(Topics(prefix, partitions), place).run(bootstrap))


class _Payer:
    def __init__(self, topics: Topics, place: Path) -> None:
        self._topics = topics
        self._place = place
        self._events = payment_events()
        self._changes = payment_changes(SIGNER)

    async def run(self, bootstrap: str) -> None:
        reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
        await reader.start()
        await producer.start()
        places = await self._begin(reader)
        while True:
            fetched = await reader.getmany(timeout_ms=300)
            events = [record for records in fetched.values() for record in records]
            for key, value in self._paid(events):
                await producer.send(self._topics.payments, value, key, headers=[(SENT, uuid.uuid4().bytes)])
            await producer.flush()
            places |= {part.partition: records[-1].offset + 1 for part, records in fetched.items()}
            self._note(places)

    async def _begin(self, reader: AIOKafkaConsumer) -> dict[int, int]:
        topic = self._topics.payment_events
        await reader._client._wait_on_metadata(topic)
        parts = [TopicPartition(topic, number) for number in range(self._topics.partitions)]
        reader.assign(parts)
        noted = json.loads(self._place.read_text()) if self._place.exists() else {}
        places = {part.partition: int(noted.get(str(part.partition), 0)) for part in parts}
        for part in parts:
            reader.seek(part, places[part.partition])
        return places

    def _note(self, places: dict[int, int]) -> None:
        new = self._place.with_suffix(".new")
        new.write_text(json.dumps(places))
        os.replace(new, self._place)

    def _paid(self, records: list[object]) -> Iterator[tuple[bytes, bytes]]:
        """Yield notices in an order that is that of one document, but mixed with those of others."""
        found = [each for record in records for each in enumerate(self._notices(record))]
        return (made for _, made in sorted(found, key=lambda each: each[0]))

    def _notices(self, record: object) -> Iterator[tuple[bytes, bytes]]:
        document = self._events.decode(record.value).event  # type: ignore[attr-defined]  # aiokafka has no types
        payable = payable_of(document.payment_id) if isinstance(document, PaymentDocumentCreated) else None
        if payable is None:
            return
        habit = random.Random(document.payment_id).choice(list(_HABITS))
        for number, kind in enumerate(_HABITS[habit]):
            turn = 0 if kind == "again" else number
            yield payable.text.encode(), self._changes.encode(*_change(document, payable, kind, turn))


def _change(document: PaymentDocumentCreated, payable: Key, kind: str, turn: int) -> tuple[ChangeFrame, PaymentChange]:
    notice_id = stable_id("chaos-notice", document.payment_id, turn)
    frame = ChangeFrame(notice_id, *payable, turn, "app", "system", 0, "", "", 0, 0, b"")
    if kind == "by_hand":
        return frame, RecordPayment(document.payment_id, "paid", turn)
    status = "paid" if kind == "again" else kind
    return frame, ProviderNotice("simulated", notice_id, document.payment_id, status, document.amount, turn)


if __name__ == "__main__":
    main(sys.argv[1:])
