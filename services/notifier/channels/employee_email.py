"""E-mail to an employee over SMTP (spec 3.2.8); recorded instead of sent where no server is set up."""

from __future__ import annotations

from automation.items.message_effects import EmployeeEmailRequested
from services.notifier.channel import Channel, ChannelEntry, Message, Resources
from services.notifier.emailing import EmailChannel


def _open(resources: Resources) -> Channel:
    return EmailChannel(EmployeeEmailRequested.CHANNEL, resources, _describe)


def _describe(event: EmployeeEmailRequested) -> Message:
    return Message(event.to.text, event.sender, event.subject.text, event.text.text)


CHANNEL = ChannelEntry(
    name=EmployeeEmailRequested.CHANNEL,
    description="Sends an e-mail to an employee.",
    open=_open,
    describe=_describe,
)
