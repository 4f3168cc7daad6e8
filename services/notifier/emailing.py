"""The channel of e-mail: over the tenant's mail connection, else the installation's server, else recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from services.edge.files import UNREACHABLE
from services.notifier.attachments import Attachment
from services.notifier.channel import Delivery, Message, Rejected, Resources, Result, Retry
from services.notifier.connections import Connected
from services.notifier.mail import AddressError, build_mail
from services.notifier.recording import RecordingChannel
from services.notifier.settings import SmtpSettings
from services.notifier.smtp import Mailbox, send_mail

LARGEST_FILES: Final = 20 * 1024 * 1024
"""Bytes of all attachments of a mail; servers refuse more."""


class EmailChannel:
    """Hands each mail to one SMTP server, over a connection of its own."""

    recognises_key: Final = False
    """A Message-ID names the effect, but no server promises to drop a second one."""

    def __init__(self, name: str, resources: Resources, describe: Callable[[Any], Message]) -> None:
        self._resources = resources
        self._recording = RecordingChannel(resources.database, name, describe)

    async def send(self, delivery: Delivery) -> Result:
        """Send one mail with its files."""
        mailbox = self._mailbox(delivery)
        if mailbox is None:
            return await self._recording.send(delivery)
        try:
            files = await self._files(delivery)
        except UNREACHABLE as error:
            return Retry(type(error).__name__)
        if isinstance(files, Rejected):
            return files
        try:
            mail = build_mail(delivery, files, self._resources.links)
        except AddressError as error:
            return Rejected(f"invalid_value:{error.param}", "address")
        return await send_mail(mailbox, mail)

    def _mailbox(self, delivery: Delivery) -> Mailbox | None:
        found = self._resources.connections.mailbox(delivery.tenant, delivery.event.sender)
        if found is not None:
            return None if found.connection.provider == "recording" else self._connected(found)
        smtp = self._resources.settings.smtp
        return Mailbox(smtp) if smtp.host else None

    def _connected(self, found: Connected) -> Mailbox:
        return Mailbox(smtp_settings(found), self._resources.outgoing.guard)

    async def _files(self, delivery: Delivery) -> list[Attachment] | Rejected:
        found: list[Attachment] = []
        size = 0
        for file_id in delivery.event.attachments:
            file = await self._resources.read_file(delivery.tenant, file_id)
            if file is None:
                return Rejected("invalid_value:attachments", "file")
            size += len(file.content)
            if size > LARGEST_FILES:
                return Rejected("invalid_value:attachments", "too large")
            found.append(file)
        return found


def smtp_settings(found: Connected) -> SmtpSettings:
    """Return the server of a mail connection: `host`, `host:port`, encrypted from the start on port 465."""
    host, _, port = found.connection.url.removeprefix("smtp://").partition(":")
    number = int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 65_536 else 587
    return SmtpSettings(
        host=host, port=number, security="tls" if number == 465 else "starttls",
        username=found.connection.account, password=found.secret,
    )  # fmt: skip
