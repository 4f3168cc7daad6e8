"""E-mail to the client over SMTP (spec 4.32); recorded instead of sent where no server is set up."""

from __future__ import annotations

import contextlib
from email.message import EmailMessage
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from automation.items.effects import ClientEmailRequested
from services.notifier.channel import (
    Channel,
    ChannelEntry,
    Delivery,
    Message,
    Rejected,
    Resources,
    Result,
    Retry,
    Sent,
    Unknown,
)
from services.notifier.mail import AddressError, build_mail
from services.notifier.recording import RecordingChannel
from services.notifier.settings import SmtpSettings


class SmtpChannel:
    """Hands each mail to one SMTP server, over a connection of its own."""

    recognises_key: Final = False
    """A Message-ID names the effect, but no server promises to drop a second one."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    async def send(self, delivery: Delivery) -> Result:
        """Send one mail. Its fate is unknown only from the moment its body leaves until the server's answer."""
        try:
            mail = build_mail(delivery)
        except AddressError as error:
            return Rejected(f"invalid_value:{error.param}", "address")
        client = self._client()
        try:
            return await _dialogue(client, mail)
        finally:
            client.close()

    def _client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            validate_certs=settings.verify,
            timeout=settings.timeout_seconds,
            local_hostname="stagewire.invalid",
        )


async def _dialogue(client: SMTP, mail: EmailMessage) -> Result:
    try:
        await client.connect()
    except (SMTPException, OSError, ValueError) as error:
        return Retry(_detail(error))  # nothing to do with this mail, so never a refusal of it
    try:
        await client.mail(mail["From"].addresses[0].addr_spec)
        await client.rcpt(mail["To"].addresses[0].addr_spec)
    except (SMTPException, OSError) as error:
        return _refused(error) or Retry(_detail(error))
    try:
        await client.data(mail.as_bytes())
    except (SMTPException, OSError) as error:
        return _refused(error) or Unknown(_detail(error))
    with contextlib.suppress(SMTPException, OSError):
        await client.quit()
    message_id = str(mail["Message-ID"])
    return Sent(provider_id=message_id, results={"message_id": message_id})


def _refused(error: Exception) -> Result | None:
    """Return what the server's answer means, or `None` where it gave none."""
    if not isinstance(error, SMTPResponseException):
        return None
    return Rejected("delivery", _detail(error)) if error.code >= 500 else Retry(_detail(error))


def _detail(error: Exception) -> str:
    """Return the code or the kind of an error, never its text: servers repeat addresses in it."""
    return f"smtp {error.code}" if isinstance(error, SMTPResponseException) else type(error).__name__


def _open(resources: Resources) -> Channel:
    if resources.settings.smtp.host:
        return SmtpChannel(resources.settings.smtp)
    return RecordingChannel(resources.database, ClientEmailRequested.CHANNEL, _describe)


def _describe(event: ClientEmailRequested) -> Message:
    return Message(event.to.text, event.sender, event.subject.text, event.text.text)


CHANNEL = ChannelEntry(
    name=ClientEmailRequested.CHANNEL,
    description="Sends an e-mail to the client.",
    open=_open,
    describe=_describe,
)
