"""In-app notifications: one row in the employee's inbox (spec 3.2.1)."""

from __future__ import annotations

import asyncio
from typing import Final

from automation.items.events import NotificationRequested
from services.notifier.channel import ChannelEntry, Delivery, Message, Resources, Sent
from services.notifier.inbox import Inbox, Notification


class InboxChannel:
    """Puts notifications into our own inbox table."""

    recognises_key: Final = True

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def send(self, delivery: Delivery) -> Sent:
        """Add the notification unless its key is there."""
        await asyncio.to_thread(self._inbox.put, delivery.tenant, _notification(delivery))
        return Sent(provider_id=delivery.effect_id)


def _notification(delivery: Delivery) -> Notification:
    event: NotificationRequested = delivery.event
    return Notification(
        effect_id=delivery.effect_id,
        recipient=event.recipient,
        sender=event.sender,
        text=event.text.text,
        link=event.link,
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
