"""Every channel and its recording double keep one contract; e-mail is tried against a real SMTP dialogue."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from automation.values import Personal
from services.edge.sql import Database, open_database
from services.notifier import channels
from services.notifier.catalogue import CatalogueError, load_channels
from services.notifier.channel import Channel, Delivery, Message, Rejected, Resources, Retry, Sent, Unknown
from services.notifier.inbox import Inbox
from services.notifier.recording import RecordingChannel, recorded_messages
from services.notifier.settings import NotifierSettings, SmtpSettings
from services.notifier.tables import ALL
from tests.notifier_world import email, employee_email, notification
from tests.smtp_server import SmtpServer

pytest_plugins = ["tests.postgres", "tests.databases"]

AT = 1_700_000_000_000


class Case(NamedTuple):
    """One implementation of a channel with a way to see what it did for a tenant."""

    channel: Channel
    event: Callable[[str], Any]
    seen: Callable[[str], list[Message]]
    shows_tenant: bool = True


def _delivery(event: Any, tenant: str = "acme", attempt: int = 1) -> Delivery:
    return Delivery(tenant, event.effect_id, f"{tenant}/deal/42", event, attempt, AT)


def _smtp(server: SmtpServer, **changed: Any) -> Channel:
    values = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout_seconds": 30}
    settings = NotifierSettings(smtp=SmtpSettings(**{**values, **changed}))
    return load_channels()["client_email"].open(Resources(open_database("sqlite:///:memory:"), settings))


def _recording(database: Database, name: str, event: Callable[[str], Any]) -> Case:
    entry = load_channels()[name]

    def seen(tenant: str) -> list[Message]:
        fields = Message._fields
        return [Message(*(row[field] for field in fields)) for row in recorded_messages(database, tenant)]

    return Case(RecordingChannel(database, name, entry.describe), event, seen)


def _inbox(database: Database) -> Case:
    inbox = Inbox(database)
    channel = load_channels()["notification"].open(Resources(database, NotifierSettings()))

    def seen(tenant: str) -> list[Message]:
        return [Message(one.recipient, one.sender, "", one.text) for one in inbox.list(tenant, "user:7")]

    return Case(channel, notification, seen)


def _employee_mailed(server: SmtpServer) -> Case:
    case = _mailed(server)
    settings = NotifierSettings(smtp=SmtpSettings(host="127.0.0.1", port=server.port, security="none"))
    channel = load_channels()["employee_email"].open(Resources(open_database("sqlite:///:memory:"), settings))
    return case._replace(channel=channel, event=employee_email)


def _mailed(server: SmtpServer) -> Case:
    def seen(tenant: str) -> list[Message]:
        return [Message(m["To"], m["From"], m["Subject"], m.get_body(("plain",)).get_content()) for m in server.mails]

    return Case(_smtp(server), email, seen, shows_tenant=False)


_EVENTS = {"notification": notification, "client_email": email, "employee_email": employee_email}


@pytest.fixture(
    params=[
        "inbox", "notification recorded", "smtp", "client_email recorded", "smtp to employee",
        "employee_email recorded",
    ]
)  # fmt: skip
async def case(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Case]:
    """Yield each implementation in turn."""
    database.create(ALL)
    async with AsyncExitStack() as stack:
        if request.param.startswith("smtp"):
            make = _employee_mailed if "employee" in request.param else _mailed
            yield make(await stack.enter_async_context(SmtpServer().serving()))
        elif request.param == "inbox":
            yield _inbox(database)
        else:
            name = request.param.split()[0]
            yield _recording(database, name, _EVENTS[name])


async def test_what_is_sent_is_seen_with_its_recipient_sender_and_text(case: Case) -> None:
    """One effect is one message."""
    event = case.event("a")
    result = await case.channel.send(_delivery(event))
    assert isinstance(result, Sent)
    assert result.provider_id
    (message,) = case.seen("acme")
    assert message.recipient == getattr(event, "recipient", None) or event.to.text
    assert message.sender == event.sender
    assert message.text.split()[0] == event.text.text.split()[0]


async def test_a_second_call_has_a_second_effect_only_where_the_key_is_not_recognised(case: Case) -> None:
    """What a channel says about keys is what it does."""
    first = await case.channel.send(_delivery(case.event("a")))
    second = await case.channel.send(_delivery(case.event("a"), attempt=2))
    assert first == second
    assert len(case.seen("acme")) == (1 if case.channel.recognises_key else 2)


async def test_two_keys_are_two_effects(case: Case) -> None:
    """Equal texts under two keys are two messages."""
    await case.channel.send(_delivery(case.event("a")))
    await case.channel.send(_delivery(case.event("b")))
    assert len(case.seen("acme")) == 2


async def test_a_tenant_sees_its_own_effects_only(case: Case) -> None:
    """The same key of another tenant is another effect."""
    await case.channel.send(_delivery(case.event("a")))
    await case.channel.send(_delivery(case.event("a"), tenant="globex"))
    assert len(case.seen("acme")) == (1 if case.shows_tenant else 2)


@pytest.mark.parametrize(
    "text", ["a\x00b", "\U0001f600" * 2_000, "[b]" * 500, "'; DROP TABLE ledger; --", "\r\n.\r\nQUIT\r\n", ":name %s"]
)
async def test_hostile_texts_arrive_as_texts(case: Case, text: str) -> None:
    """Whatever people write is one message, on every database."""
    event = dataclasses.replace(case.event("a"), text=Personal(text))
    assert isinstance(await case.channel.send(_delivery(event)), Sent)
    assert len(case.seen("acme")) == 1


@pytest.mark.parametrize("recipient", ["", "u" * 5_000])
async def test_a_recipient_that_is_nobody_is_refused(database: Database, recipient: str) -> None:
    """An inbox without an owner is never made."""
    database.create(ALL)
    event = notification("a", recipient)
    assert await _inbox(database).channel.send(_delivery(event)) == Rejected("invalid_value:recipients", "recipient")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"empty": ""}, "empty.py exports no CHANNEL"),
        (
            {"other": "from services.notifier.channels.notification import CHANNEL"},
            "exports the channel 'notification'",
        ),
    ],
)
def test_a_file_that_is_not_a_channel_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], message: str
) -> None:
    """The catalogue refuses loudly, with the file's name."""
    package = tmp_path / f"channels_{next(iter(files))}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name, text in files.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CatalogueError, match=message):
        load_channels(importlib.import_module(package.name))


def test_folder_and_names_agree() -> None:
    """The channels are the files of the folder."""
    files = Path(channels.__file__ or "").parent.glob("[a-z]*.py")
    assert sorted(load_channels()) == sorted(file.stem for file in files)


@pytest.mark.parametrize("name", ["client_email", "employee_email"])
async def test_mail_is_recorded_unless_a_server_is_set_up(database: Database, name: str) -> None:
    """Without an account all works and nothing leaves."""
    database.create(ALL)
    channel = load_channels()[name].open(Resources(database, NotifierSettings()))
    event = email("a") if name == "client_email" else employee_email("a")
    assert isinstance(await channel.send(_delivery(event)), Sent)
    assert [row["channel"] for row in recorded_messages(database, "acme")] == [name]


# --- the inbox -----------------------------------------------------------------------------------------------


async def test_an_inbox_is_read_in_pages_and_marked_by_its_owner_alone(database: Database) -> None:
    """Newest first; marking is the recipient's own, and counts once."""
    database.create(ALL)
    case, inbox = _inbox(database), Inbox(database)
    for number in range(5):
        event = notification(f"n{number}")
        await case.channel.send(_delivery(event)._replace(created_at=AT + number // 2))
    first = inbox.list("acme", "user:7", most=3)
    rest = inbox.list("acme", "user:7", before=(first[-1].created_at, first[-1].effect_id))
    assert [one.effect_id for one in (*first, *rest)] == ["n4", "n3", "n2", "n1", "n0"]
    assert inbox.mark_read("acme", "user:8", ["n4"], AT) == 0
    assert inbox.mark_read("acme", "user:7", ["n4", "n4", "n3"], AT) == 2
    assert inbox.unread("acme", "user:7") == 3
    assert [one.effect_id for one in inbox.list("acme", "user:7", unread_only=True)] == ["n2", "n1", "n0"]


async def test_a_notification_that_was_read_stays_read_when_its_effect_is_repeated(database: Database) -> None:
    """A repeat of the call does not bring a notification back."""
    database.create(ALL)
    case, inbox = _inbox(database), Inbox(database)
    await case.channel.send(_delivery(notification("a")))
    inbox.mark_read("acme", "user:7", ["a"], AT)
    await case.channel.send(_delivery(notification("a")))
    assert inbox.unread("acme", "user:7") == 0


# --- e-mail --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"connect": "421 busy"}, Retry("smtp 421")),
        ({"connect": "554 not you"}, Retry("smtp 554")),
        ({"MAIL": "451 later"}, Retry("smtp 451")),
        ({"RCPT": "450 mailbox busy"}, Retry("smtp 450")),
        ({"RCPT": "550 no such user client@example.org"}, Rejected("delivery", "smtp 550")),
        ({"DATA": "452 full"}, Retry("smtp 452")),
        ({".": "451 try again"}, Retry("smtp 451")),
        ({".": "554 spam"}, Rejected("delivery", "smtp 554")),
        ({"RCPT": "drop"}, Retry("SMTPServerDisconnected")),
        ({"RCPT": "hang"}, Retry("SMTPReadTimeoutError")),
        ({".": "drop"}, Unknown("SMTPServerDisconnected")),
        ({".": "hang"}, Unknown("SMTPReadTimeoutError")),
    ],
)
async def test_the_servers_answer_decides_what_is_known(answers: dict[str, str], expected: object) -> None:
    """4xx is tried again, 5xx is final, silence after the body is unknown; addresses stay out of the detail."""
    seconds = 2 if "hang" in answers.values() else 30
    async with SmtpServer(answers).serving() as server:
        assert await _smtp(server, timeout_seconds=seconds).send(_delivery(email("a"))) == expected


async def test_a_lost_goodbye_does_not_undo_a_mail() -> None:
    """Once the body is taken, the mail is sent."""
    async with SmtpServer({"QUIT": "drop"}).serving() as server:
        assert isinstance(await _smtp(server).send(_delivery(email("a"))), Sent)


async def test_no_server_means_another_attempt() -> None:
    """A refused connection certainly sent nothing."""
    async with SmtpServer().serving() as server:
        channel = _smtp(server)
    assert isinstance(await channel.send(_delivery(email("a"))), Retry)


async def test_mail_does_not_leave_unencrypted_where_encryption_is_asked_for() -> None:
    """A server without STARTTLS gets neither address nor body."""
    async with SmtpServer().serving() as server:
        assert isinstance(await _smtp(server, security="starttls").send(_delivery(email("a"))), Retry)
        assert not any(line.startswith(("MAIL", "AUTH", "DATA")) for line in server.commands)


async def test_every_attempt_sends_the_same_bytes_under_the_same_message_id() -> None:
    """The Message-ID names the effect, the tenant included."""
    async with SmtpServer().serving() as server:
        for attempt, tenant in ((1, "acme"), (2, "acme"), (1, "globex")):
            result = await _smtp(server).send(_delivery(email("a"), tenant, attempt))
    assert server.bodies[0] == server.bodies[1]
    ids = [mail["Message-ID"] for mail in server.mails]
    assert ids[0] == ids[1] != ids[2]
    assert isinstance(result, Sent)
    assert result.results == {"message_id": ids[2]}


@pytest.mark.parametrize(
    "poison", ["\r\nBcc: x@evil.example", "\nX: 1", "\r\n\r\n<html>", "\u2028Bcc: x@evil.example", "\x00"]
)
async def test_a_subject_cannot_add_headers(poison: str) -> None:
    """Line ends in a subject become blanks."""
    async with SmtpServer().serving() as server:
        await _smtp(server).send(_delivery(email("a", subject=Personal(f"Hi{poison}"))))
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert mail["Subject"].startswith("Hi")


@pytest.mark.parametrize(
    "address",
    ["", "client", "a@b@c", "a@b.example, x@evil.example", "Client <a@b.example>",
     "a@b.example\r\nRCPT TO:<x@evil.example>", "<a@b.example>", "a b@c.example", "a@b .example", "ä@b.example"],
)  # fmt: skip
async def test_only_one_bare_address_is_written_to(address: str) -> None:
    """Anything else is refused before a connection is made."""
    async with SmtpServer().serving() as server:
        assert await _smtp(server).send(_delivery(email("a", to=Personal(address)))) == Rejected(
            "invalid_value:to", "address"
        )
        assert await _smtp(server).send(_delivery(email("a", sender=address))) == Rejected(
            "invalid_value:from", "address"
        )
        assert server.commands == []


async def test_a_domain_of_other_scripts_is_written_in_ascii() -> None:
    """An internationalised domain is encoded."""
    async with SmtpServer().serving() as server:
        await _smtp(server).send(_delivery(email("a", to=Personal("kunde@bücher.example"))))
    assert any("kunde@xn--bcher-kva.example" in line for line in server.commands)


async def test_bbcode_becomes_html_and_plain_text() -> None:
    """Both forms travel; lines that start with a dot arrive whole."""
    text = "[b]Hello[/b] <you>\n.dot\n[url=https://pay.example.com/1?a=1&b=2]Pay[/url]"
    async with SmtpServer().serving() as server:
        await _smtp(server).send(_delivery(email("a", text=Personal(text))))
    (mail,) = server.mails
    html, plain = mail.get_body(("html",)).get_content(), mail.get_body(("plain",)).get_content()
    assert "<b>Hello</b> &lt;you&gt;<br>" in html
    assert '<a href="https://pay.example.com/1?a=1&amp;b=2">Pay</a>' in html
    assert plain.splitlines() == ["Hello <you>", ".dot", "Pay (https://pay.example.com/1?a=1&b=2)"]


async def test_an_html_text_stays_html_and_gets_plain_words() -> None:
    """The body is sent as written; the plain part holds its words without markup and scripts."""
    text = "<p>Hello <b>you</b></p><script>alert(1)</script><p>Bye</p>"
    async with SmtpServer().serving() as server:
        await _smtp(server).send(_delivery(email("a", text=Personal(text), text_type="html")))
    (mail,) = server.mails
    assert text in mail.get_body(("html",)).get_content()
    assert mail.get_body(("plain",)).get_content().split() == ["Hello", "you", "Bye"]
