"""Mail over a tenant's own server, encrypted: with certificates of an authority that is made in the test."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from automation.definitions import models as m
from services.edge.definitions import FixedDefinitions
from services.edge.outgoing import Guard, Outgoing
from services.edge.secrets_file import ConnectionSecrets
from services.edge.sql import open_database
from services.notifier.catalogue import load_channels
from services.notifier.channel import Delivery, Resources, Result, Retry, Sent
from services.notifier.connections import Connected, Connections
from services.notifier.emailing import smtp_settings
from services.notifier.mail import build_mail
from services.notifier.settings import NotifierSettings, SmtpSettings
from services.notifier.smtp import Mailbox, send_mail
from services.notifier.tables import ALL
from tests.certificates import Authority
from tests.core.spec import book_of
from tests.notifier_world import email
from tests.smtp_server import SmtpServer

HOST = "mail.acme.test"
LOGIN = ("AUTH PLAIN LOGIN",)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return an authority that nobody trusts yet."""
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Return the authority as one that this machine trusts, as an installation would with one of its own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    return authority


async def _here(_host: str, _port: int) -> Sequence[str]:
    return ("127.0.0.1",)


def _guard(server: SmtpServer) -> Guard:
    return Guard(frozenset({f"{HOST}:{server.port}"}), _here)


async def _send(server: SmtpServer) -> Result:
    """Send a mail over the connection of a tenant that names the server."""
    box = m.Connection(
        id="box", channel="email", provider="smtp", url=f"{HOST}:{server.port}", account="ann", secret="s"
    )
    database = open_database("sqlite:///:memory:")
    database.create(ALL)
    secrets = ConnectionSecrets({"acme": {"s": SecretStr("pass-word")}})
    resources = Resources(
        database, NotifierSettings(), connections=Connections(FixedDefinitions(book_of(box)), secrets),
        outgoing=Outgoing(_guard(server)),
    )  # fmt: skip
    return await load_channels()["client_email"].open(resources).send(_delivery())


def _delivery() -> Delivery:
    return Delivery("acme", "a", "acme/deal/42", email("a"), 1, 1_700_000_000_000)


def _said(server: SmtpServer, *verbs: str) -> list[str]:
    return [line for line in server.commands if line.startswith(verbs)]


async def test_login_addresses_and_body_travel_encrypted(trusted: Authority) -> None:
    """The server is resolved once and connected to as checked; its certificate must still say its name."""
    async with SmtpServer(extensions=LOGIN, tls=trusted.server(HOST)).serving() as server:
        assert isinstance(await _send(server), Sent)
    assert _said(server, "AUTH", "MAIL", "RCPT", "DATA") == [
        line for line in server.encrypted if line.startswith(("AUTH", "MAIL", "RCPT", "DATA"))
    ]
    assert len(_said(server, "EHLO")) == 2  # what was offered before the encryption does not count
    (login,) = _said(server, "AUTH")
    assert b64decode(login.rpartition(" ")[2]) == b"\0ann\0pass-word"
    assert server.mails[0]["To"] == "client@example.org"


async def _over_tls(server: SmtpServer, **more: Any) -> Result:
    settings = SmtpSettings(host=HOST, port=server.port, security="tls", timeout_seconds=30, **more)
    return await send_mail(Mailbox(settings, _guard(server)), build_mail(_delivery()))


async def test_a_server_may_be_encrypted_from_the_start(trusted: Authority) -> None:
    """As on port 465."""
    async with SmtpServer(tls=trusted.server(HOST), from_the_start=True).serving() as server:
        assert isinstance(await _over_tls(server), Sent)
    assert server.commands == server.encrypted


@pytest.mark.parametrize(
    ("url", "place", "security"),
    [
        (HOST, (HOST, 587), "starttls"),
        (f"smtp://{HOST}:465", (HOST, 465), "tls"),
        (f"{HOST}:25", (HOST, 25), "starttls"),
    ],
)
def test_a_connection_is_never_without_encryption(url: str, place: tuple[str, int], security: str) -> None:
    """Its port says when that begins."""
    found = smtp_settings(Connected(m.Connection(id="box", channel="email", provider="smtp", url=url), ""))
    assert ((found.host, found.port), found.security, found.verify) == (place, security, True)


def _nothing_was_told(server: SmtpServer) -> bool:
    return not _said(server, "AUTH", "MAIL", "RCPT", "DATA") and server.encrypted == [] and server.bodies == []


async def test_an_unknown_authority_is_told_nothing(authority: Authority) -> None:
    """Neither login nor address nor body; the mail is tried again, as certificates get repaired."""
    async with SmtpServer(extensions=LOGIN, tls=authority.server(HOST)).serving() as server:
        result = await _send(server)
    assert isinstance(result, Retry)
    assert _nothing_was_told(server)


async def test_another_authority_of_the_same_name_is_unknown(trusted: Authority, tmp_path: Path) -> None:
    """It is the key that counts."""
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    async with SmtpServer(extensions=LOGIN, tls=other.server(HOST)).serving() as server:
        assert isinstance(await _send(server), Retry)
    assert _nothing_was_told(server)


@pytest.mark.parametrize(("host", "days"), [("mail.globex.test", 1), ("acme.test", 1), (HOST, -1)])
@pytest.mark.parametrize("from_the_start", [False, True], ids=["starttls", "tls"])
async def test_a_certificate_for_another_name_or_time_is_none(
    trusted: Authority, host: str, days: int, from_the_start: bool
) -> None:
    """Although its authority is trusted."""
    tls = trusted.server(host, days)
    async with SmtpServer(extensions=LOGIN, tls=tls, from_the_start=from_the_start).serving() as server:
        assert isinstance(await (_over_tls(server) if from_the_start else _send(server)), Retry)
    assert _nothing_was_told(server)


async def test_a_server_that_refuses_the_encryption_is_told_nothing(trusted: Authority) -> None:
    """It offers it, and then does not do it."""
    answers = {"STARTTLS": "454 not now"}
    async with SmtpServer(answers, extensions=LOGIN).serving() as server:
        server.extensions = ("STARTTLS", *LOGIN)
        assert isinstance(await _send(server), Retry)
    assert _nothing_was_told(server)


async def test_a_wrong_password_says_nothing_about_the_mail(trusted: Authority) -> None:
    """It is tried again: the secret may be put right meanwhile."""
    answers = {"AUTH": "535 who are you"}
    async with SmtpServer(answers, extensions=LOGIN, tls=trusted.server(HOST)).serving() as server:
        assert await _send(server) == Retry("smtp 535")
    assert not _said(server, "MAIL")
