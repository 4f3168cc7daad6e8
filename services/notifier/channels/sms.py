"""SMS to clients and employees over a connected provider (spec 3.2.9, 4.31)."""

from __future__ import annotations

import re

from automation.items.message_effects import SmsRequested
from services.notifier.channel import Channel, ChannelEntry, Delivery, Message, Rejected, Resources, Result
from services.notifier.connected import ConnectedChannel

_SIGNS = re.compile(r"[\s().\-/]")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")


class SmsChannel(ConnectedChannel):
    """Refuses what is no telephone number before anybody is asked."""

    async def send(self, delivery: Delivery) -> Result:
        """Send to a number, written in whatever way people write numbers."""
        if not _NUMBER.fullmatch(number_of(delivery.event.to.text)):
            return Rejected("invalid_value:to", "number")
        return await super().send(delivery)


def number_of(text: str) -> str:
    """Return a telephone number without blanks, brackets, dashes and strokes."""
    return _SIGNS.sub("", text)


def _address(delivery: Delivery) -> tuple[str, str]:
    return number_of(delivery.event.to.text), delivery.event.text.text


def _describe(event: SmsRequested) -> Message:
    return Message(event.to.text, event.connection, "", event.text.text)


def _open(resources: Resources) -> Channel:
    return SmsChannel(SmsRequested.CHANNEL, resources, _describe, _address)


CHANNEL = ChannelEntry(
    name=SmsRequested.CHANNEL,
    description="Sends an SMS to a client or an employee.",
    open=_open,
    describe=_describe,
)
