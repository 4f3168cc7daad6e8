"""The recording double of every channel: keeps what would be sent, so no outside account is needed (spec 1.15)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from services.edge.sql import Database, storable
from services.notifier.channel import Delivery, Message, Sent

_INSERT = """
    INSERT INTO recorded_messages
        (tenant, effect_id, channel, item_key, recipient, sender, subject, text, created_at)
    VALUES (:tenant, :effect_id, :channel, :item_key, :recipient, :sender, :subject, :text, :created_at)
    ON CONFLICT (tenant, effect_id) DO NOTHING"""

_LIST = """
    SELECT effect_id, channel, item_key, recipient, sender, subject, text, created_at FROM recorded_messages
    WHERE tenant = :tenant ORDER BY created_at DESC, effect_id DESC LIMIT :most"""


class RecordingChannel:
    """Writes one row per key instead of calling a provider."""

    recognises_key: Final = True

    def __init__(self, database: Database, name: str, describe: Callable[[Any], Message]) -> None:
        self._database = database
        self._name = name
        self._describe = describe

    async def send(self, delivery: Delivery) -> Sent:
        """Keep the message; a second call with the same key keeps the first."""
        await asyncio.to_thread(self._insert, delivery, self._describe(delivery.event))
        return Sent(provider_id=delivery.effect_id)

    def _insert(self, delivery: Delivery, message: Message) -> None:
        values = {name: storable(text) for name, text in message._asdict().items()}
        about = {"channel": self._name, "item_key": delivery.item_key, "created_at": delivery.created_at}
        place = {"tenant": delivery.tenant, "effect_id": delivery.effect_id}
        with self._database.transaction() as transaction:
            transaction.run(_INSERT, values | about | place)


def recorded_messages(database: Database, tenant: str, most: int = 200) -> list[dict[str, Any]]:
    """Return what was recorded for a tenant, newest first."""
    return [dict(row) for row in database.read(_LIST, {"tenant": tenant, "most": most})]
