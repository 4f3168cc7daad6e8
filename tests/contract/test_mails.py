"""What a mail is made of: files, tracking, connections, encryption; tried against a real SMTP dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from automation.definitions import models as m
from automation.envelope import Key
from automation.values import Personal
from services.edge.definitions import FixedDefinitions
from services.edge.outgoing import Guard, Outgoing
from services.edge.sql import open_database
from services.edge.tracked_links import Tracked, TrackedLinks
from services.notifier.attachments import Attachment
from services.notifier.catalogue import load_channels
from services.notifier.channel import Delivery, Rejected, Resources, Result, Sent
from services.notifier.connections import Connections
from services.notifier.mail import rewritten
from services.notifier.recording import recorded_messages
from services.notifier.settings import NotifierSettings, SmtpSettings
from services.notifier.tables import ALL
from tests.core.spec import book_of
from tests.notifier_world import email, employee_email
from tests.smtp_server import SmtpServer

LINKS = TrackedLinks("https://crm.example", [b"s" * 32])
FILES = {
    ("acme", "f1"): Attachment("Angebot №1.pdf", "application/pdf", b"%PDF-1.7"),
    ("acme", "f2"): Attachment("a\r\nBcc: x@evil.example", "text/html\r\nX: y", b"<script>"),
    ("acme", "big"): Attachment("big.bin", "application/zip", b"x" * 11 * 1024 * 1024),
}


async def _read(tenant: str, file_id: str) -> Attachment | None:
    return FILES.get((tenant, file_id))


def _resources(server: SmtpServer | None, *definitions: m.Definition, **more: Any) -> Resources:
    smtp = SmtpSettings(host="127.0.0.1", port=server.port, security="none") if server else SmtpSettings()
    database = open_database("sqlite:///:memory:")
    database.create(ALL)
    connections = Connections(FixedDefinitions(book_of(*definitions)))
    settings = NotifierSettings(smtp=smtp)
    return Resources(database, settings, connections=connections, **{"links": LINKS, "read_file": _read, **more})


async def _send(resources: Resources, event: Any, tenant: str = "acme") -> Result:
    name = type(event).CHANNEL
    delivery = Delivery(tenant, event.effect_id, f"{tenant}/deal/42", event, 1, 1_700_000_000_000)
    return await load_channels()[name].open(resources).send(delivery)


def _html(server: SmtpServer) -> str:
    return str(server.mails[-1].get_body(("html",)).get_content())  # type: ignore[union-attr]


def _tokens(html: str, kind: str) -> list[str]:
    return [part.partition('"')[0] for part in html.split(f"https://crm.example/t/{kind}/")[1:]]


async def test_every_client_mail_has_an_open_pixel_and_links_stay_unless_clicks_are_tracked() -> None:
    """The pixel tells mail and item; without `track_clicks` a link leads straight to its target."""
    async with SmtpServer().serving() as server:
        await _send(_resources(server), email("a"))
        html = _html(server)
    (token,) = _tokens(html, "o")
    assert LINKS.read(token, "opened") == Tracked("opened", Key("acme", "deal", "42"), "a")
    assert '<a href="https://pay.example.com/1">' in html


@pytest.mark.parametrize("text_type", ["bbcode", "html"])
async def test_tracked_clicks_go_through_redirects(text_type: str) -> None:
    """Each http(s) link, in both kinds of text; the plain part of BBCode too."""
    text = (
        "[url=https://a.example/?x=1&y=2]a[/url] [url=mailto:b@b.example]b[/url]"
        if text_type == "bbcode"
        else '<p><A class="k" HREF=\'https://a.example/?x=1&amp;y=2\'>a</A> <a href="mailto:b@b.example">b</a></p>'
    )
    async with SmtpServer().serving() as server:
        await _send(_resources(server), email("a", text=Personal(text), text_type=text_type, track_clicks=True))
        html, plain = _html(server), server.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    (token,) = _tokens(html, "c")
    tracked = LINKS.read(token, "clicked")
    assert tracked is not None
    assert tracked.link == "https://a.example/?x=1&y=2"
    assert 'href="mailto:b@b.example"' in html
    assert "a.example" not in html
    assert "a.example" not in plain


def test_only_the_targets_of_links_change_in_html() -> None:
    """Texts, comments and other tags stay sign by sign; the first of two targets counts."""
    html = (
        'a\n<!-- <a href="https://c.example"> --><img src="https://i.example">\n'
        '<a href="https://1.example" href="https://2.example" title="x &lt; &quot;y&quot;" download>z</a>\n<area href=https://3.example>'
    )
    found: list[str] = []

    def rewrite(link: str) -> str:
        found.append(link)
        return "T&T"

    assert rewritten(html, rewrite) == (
        'a\n<!-- <a href="https://c.example"> --><img src="https://i.example">\n'
        '<a href="T&amp;T" title="x &lt; &quot;y&quot;" download>z</a>\n<area href="T&amp;T">'
    )
    assert found == ["https://1.example", "https://3.example"]


async def test_without_a_public_address_nothing_is_tracked() -> None:
    """A link that leads nowhere is worse than none."""
    async with SmtpServer().serving() as server:
        await _send(_resources(server, links=TrackedLinks("", ())), email("a", track_clicks=True))
        html = _html(server)
    assert "<img" not in html
    assert '<a href="https://pay.example.com/1">' in html


async def test_a_mail_to_an_employee_is_plain_and_untracked() -> None:
    """Neither pixel nor HTML; what looks like markup is text."""
    async with SmtpServer().serving() as server:
        await _send(_resources(server), employee_email("a", text=Personal("[b]<b>\nhttps://a.example")))
    (mail,) = server.mails
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["[b]<b>", "https://a.example"]


async def test_files_travel_with_their_names_and_types() -> None:
    """One part each; names and types cannot add headers."""
    async with SmtpServer().serving() as server:
        assert isinstance(await _send(_resources(server), email("a", attachments=("f1", "f2"))), Sent)
        await _send(_resources(server), employee_email("b", attachments=("f1",)))
    first, second = server.mails
    one, two = first.iter_attachments()
    assert (one.get_filename(), one.get_content_type(), one.get_content()) == (
        "Angebot №1.pdf", "application/pdf", b"%PDF-1.7",
    )  # fmt: skip
    assert two.get_content_type() == "application/octet-stream"
    assert (first["Bcc"], two["Bcc"], two["X"]) == (None, None, None)
    assert [part.get_filename() for part in second.iter_attachments()] == ["Angebot №1.pdf"]
    assert first.get_body(("html",)) is not None


@pytest.mark.parametrize(
    ("files", "tenant", "detail"),
    [(("gone",), "acme", "file"), (("f1",), "globex", "file"), (("big", "big"), "acme", "too large")],
)
async def test_a_file_that_cannot_be_sent_fails_the_mail(files: Sequence[str], tenant: str, detail: str) -> None:
    """An unknown one, another tenant's, too much together: nothing is sent without its files."""
    async with SmtpServer().serving() as server:
        result = await _send(_resources(server), email("a", attachments=files), tenant)
        assert server.commands == []
    assert result == Rejected("invalid_value:attachments", detail)


async def test_every_attempt_of_a_mail_with_files_and_tracking_has_the_same_bytes() -> None:
    """Boundaries and tokens depend on the effect alone."""
    async with SmtpServer().serving() as server:
        for _ in range(2):
            await _send(_resources(server), email("a", attachments=("f1",), track_clicks=True))
    assert server.bodies[0] == server.bodies[1]


# --- the tenant's own server -----------------------------------------------------------------------------------


def _mailbox(server: SmtpServer, **more: Any) -> m.Connection:
    place = {"url": f"127.0.0.1:{server.port}", "provider": "smtp", "channel": "email"}
    return m.Connection(**{"id": "box", **place, **more})


async def test_a_tenants_own_server_is_used_before_the_installations() -> None:
    """It is found by the sender, and offers no encryption here: then nothing is said to it."""
    async with SmtpServer().serving() as own, SmtpServer().serving() as installed:
        guard = Guard(frozenset({f"127.0.0.1:{own.port}"}))
        result = await _send(_resources(installed, _mailbox(own), outgoing=Outgoing(guard)), email("a"))
        assert installed.commands == []
        assert own.commands[:1] == ["EHLO stagewire.invalid"]
    assert not isinstance(result, Sent)


async def test_a_tenants_server_cannot_be_one_of_the_private_network() -> None:
    """The guard of every other outgoing connection."""
    async with SmtpServer().serving() as own:
        result = await _send(_resources(None, _mailbox(own)), email("a"))
        low = await _send(_resources(None, _mailbox(own, url="127.0.0.1:25")), email("a"))
        assert own.commands == []
    assert (result, low) == (Rejected("delivery", "address: port"), Rejected("delivery", "address: address"))


async def test_a_tenant_may_have_mail_recorded() -> None:
    """A connection of the provider `recording` keeps it, whatever the installation has."""
    async with SmtpServer().serving() as server:
        box = m.Connection(id="box", provider="recording", channel="email")
        resources = _resources(server, box)
        assert isinstance(await _send(resources, email("a")), Sent)
        assert server.commands == []
    assert len(recorded_messages(resources.database, "acme")) == 1
