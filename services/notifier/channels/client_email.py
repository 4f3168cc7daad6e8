"""E-mail to the client over SMTP (spec 4.32); recorded instead of sent where no server is set up."""

from __future__ import annotations

from automation.items.effects import ClientEmailRequested
from services.notifier.channel import Channel, ChannelEntry, Message, Resources
from services.notifier.emailing import EmailChannel


def _open(resources: Resources) -> Channel:
    return EmailChannel(ClientEmailRequested.CHANNEL, resources, _describe)


def _describe(event: ClientEmailRequested) -> Message:
    return Message(event.to.text, event.sender, event.subject.text, event.text.text)


CHANNEL = ChannelEntry(
    name=ClientEmailRequested.CHANNEL,
    description="Sends an e-mail to the client.",
    open=_open,
    describe=_describe,
)
