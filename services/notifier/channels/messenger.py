"""Messages to chats outside: Telegram, Slack, Teams and others, over a connected service."""

from __future__ import annotations

from automation.items.message_effects import MessengerRequested
from services.notifier.channel import Channel, ChannelEntry, Delivery, Message, Resources
from services.notifier.connected import ConnectedChannel


def _address(delivery: Delivery) -> tuple[str, str]:
    return delivery.event.to.text, delivery.event.text.text


def _describe(event: MessengerRequested) -> Message:
    return Message(event.to.text, event.connection, "", event.text.text)


def _open(resources: Resources) -> Channel:
    return ConnectedChannel(MessengerRequested.CHANNEL, resources, _describe, _address)


CHANNEL = ChannelEntry(
    name=MessengerRequested.CHANNEL,
    description="Sends a message to a chat of a messenger outside.",
    open=_open,
    describe=_describe,
)
