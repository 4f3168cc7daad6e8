"""In-app notifications: one row in the employee's inbox (spec 3.2.1)."""

from __future__ import annotations

import asyncio
from typing import Final

from automation.items.effects import NotificationRequested
from services.edge.sql import storable
from services.notifier.channel import ChannelEntry, Delivery, Message, Rejected, Resources, Result, Sent
from services.notifier.inbox import Inbox, Notification

_LONGEST_USER = 200


class InboxChannel:
    """Puts notifications into our own inbox table."""

    recognises_key: Final = True

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def send(self, delivery: Delivery) -> Result:
        """Add the notification unless its key is there."""
        if not _LONGEST_USER >= len(delivery.event.recipient) > 0:
            return Rejected("invalid_value:recipients", "recipient")
        await asyncio.to_thread(self._inbox.put, delivery.tenant, _notification(delivery))
        return Sent(provider_id=delivery.effect_id)


def _notification(delivery: Delivery) -> Notification:
    event: NotificationRequested = delivery.event
    return Notification(
        effect_id=delivery.effect_id,
        recipient=storable(event.recipient),
        sender=storable(event.sender),
        text=storable(event.text.text),
        link=storable(event.link),
        item_key=delivery.item_key,
        created_at=delivery.created_at,
        read_at=0,
    )


def _open(resources: Resources) -> InboxChannel:
    return InboxChannel(Inbox(resources.database))


def _describe(event: NotificationRequested) -> Message:
    return Message(event.recipient, event.sender, "", event.text.text)


CHANNEL = ChannelEntry(
    name=NotificationRequested.CHANNEL,
    description="Shows a notification in the employee's list.",
    open=_open,
    describe=_describe,
)
