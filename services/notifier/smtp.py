"""One mail to one SMTP server: what the dialogue says about its fate (decision 8)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from email.message import EmailMessage
from typing import NamedTuple

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from services.edge.outgoing import ForbiddenAddressError, Guard, UnreachableError
from services.notifier.channel import Rejected, Result, Retry, Sent, Unknown
from services.notifier.settings import SmtpSettings

PORTS = frozenset({25, 465, 587, 2525})


class Mailbox(NamedTuple):
    """A server to send from; a `guard` decides where a server that a tenant chose may be."""

    settings: SmtpSettings
    guard: Guard | None = None


async def send_mail(mailbox: Mailbox, mail: EmailMessage) -> Result:
    """Send one mail. Its fate is unknown only from the moment its body leaves until the server's answer."""
    try:
        found = await _guarded(mailbox)
    except ForbiddenAddressError as error:
        return Rejected("delivery", f"address: {error.rule}")
    except (UnreachableError, OSError) as error:
        return Retry(type(error).__name__)
    client = _client(mailbox.settings, found)
    try:
        return await _dialogue(client, mail)
    finally:
        client.close()
        if found is not None:
            found.close()


async def _guarded(mailbox: Mailbox) -> socket.socket | None:
    """Return a connection to the address that was checked; `None` for the installation's own server."""
    settings, guard = mailbox
    if guard is None:
        return None
    trusted = guard.trusts(settings.host, settings.port)
    if not trusted and settings.port not in PORTS:
        raise ForbiddenAddressError("port")
    address = (await guard.addresses(settings.host, settings.port, private=trusted))[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            await asyncio.get_running_loop().sock_connect(made, (address, settings.port))
    except BaseException:
        made.close()
        raise
    return made


def _client(settings: SmtpSettings, connected: socket.socket | None) -> SMTP:
    return SMTP(
        hostname=settings.host,  # what its certificate must say, also over a connection made here
        **({"port": settings.port} if connected is None else {"sock": connected}),
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
