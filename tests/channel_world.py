"""Providers of connections and their recording double, each with a server on this machine that plays it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from automation.definitions import models as m
from automation.items.ads_effects import AudienceRequested
from automation.items.message_effects import MessengerRequested, SmsRequested, WriteBackRequested
from automation.values import Money, Personal
from services.edge.clock import SetClock
from services.edge.definitions import FixedDefinitions
from services.edge.outgoing import Guard, Outgoing
from services.edge.secrets_file import ConnectionSecrets
from services.edge.sql import open_database
from services.notifier.catalogue import load_channels
from services.notifier.channel import Channel, Delivery, Resources, Result
from services.notifier.connections import Connections
from services.notifier.recording import recorded_messages
from services.notifier.settings import NotifierSettings
from services.notifier.tables import ALL
from tests.core.spec import book_of
from tests.http_server import HttpServer

NOW = 1_700_000_000_000
SECRET = {
    "sms_http": "key-1", "twilio": "token-1", "telegram": "123:abcdefghijklmn",
    "standard_webhooks": "a-secret-of-sixteen-signs", "recording": "", "facebook_ads": "token-2",
    "google_ads": '{"developer_token": "d1", "client_id": "c1", "client_secret": "s1", "refresh_token": "r1"}',
}  # fmt: skip
SAID = {
    "sms_http": b'{"id": 77}', "twilio": b'{"sid": "SM77"}', "telegram": b'{"ok": true, "result": {"message_id": 77}}',
    "standard_webhooks": b"", "recording": b"", "facebook_ads": b'{"num_received": 3, "num_invalid_entries": 1}',
    "google_ads": b'{"access_token": "t1", "uploadDateTime": "77"}',
}  # fmt: skip
IDS = {
    "sms_http": "77", "twilio": "SM77", "telegram": "77", "standard_webhooks": "e1", "recording": "e1",
    "facebook_ads": "e1", "google_ads": "77",
}  # fmt: skip
ACCOUNT = {"google_ads": "123-456"}
CHANNELS = [
    (provider, channel)
    for provider, channels in m.PROVIDERS.items()
    for channel in channels
    if channel != "email" and provider != "apprise"
]


def sms(text: str = "Hello") -> SmsRequested:
    """Return an SMS to a client."""
    return SmsRequested("e1", "run", "client", "c", Personal("+49 (170) 12-34"), Personal(text))


def chat(text: str = "Hello") -> MessengerRequested:
    """Return a message to a chat."""
    return MessengerRequested("e1", "run", "c", Personal("@team"), Personal(text))


def told(text: str = "Hello") -> WriteBackRequested:
    """Return what a CRM is told of a move with a change of fields."""
    fields = {"comments": Personal(text), "amount": Money(5, "EUR"), "title": None}
    return WriteBackRequested("e1", "", "c", 7, False, "main", "won", "", fields)


def audience(text: str = "Hello") -> AudienceRequested:
    """Return hashes for an audience."""
    return AudienceRequested("e1", "run", "c", "66", (text, "b"), ("c",))


EVENTS: dict[str, Callable[..., Any]] = {
    "sms": sms, "messenger": chat, "crm_webhook": told, "ads_audience": audience,
}  # fmt: skip
REPEATABLE = (WriteBackRequested, AudienceRequested)
"""Effects whose receiver makes nothing of a repeat."""


class Case(NamedTuple):
    """One provider on one channel, with the server that plays it."""

    provider: str
    channel: Channel
    event: Callable[..., Any]
    server: HttpServer
    resources: Resources

    async def send(self, event: Any = None, tenant: str = "acme") -> Result:
        """Send one message."""
        event = event or self.event()
        return await self.channel.send(Delivery(tenant, event.effect_id, f"{tenant}/deal/42", event, 1, NOW))


def case_of(provider: str, name: str, server: HttpServer, **changed: Any) -> Case:
    """Return a provider on a channel, which calls the server."""
    place = {
        "url": server.url,
        "account": ACCOUNT.get(provider, "AC1"),
        "sender": "+1999",
        "secret": "s",
        "provider": provider,
    }
    connection = m.Connection(**{"id": "c", "channel": name, **place, **changed})
    database = open_database("sqlite:///:memory:")
    database.create(ALL)
    secrets = ConnectionSecrets({"acme": {"s": SecretStr(SECRET[provider])}})
    resources = Resources(
        database, NotifierSettings(), SetClock(NOW), Connections(FixedDefinitions(book_of(connection)), secrets),
        Outgoing(Guard(frozenset({f"127.0.0.1:{server.port}"})), seconds=30), public_url="https://crm.test",
    )  # fmt: skip
    return Case(provider, load_channels()[name].open(resources), EVENTS[name], server, resources)


REAL = pytest.mark.parametrize(
    "case",
    [pair for pair in CHANNELS if pair[0] != "recording"],
    ids=lambda pair: f"{pair[0]} for {pair[1]}",
    indirect=True,
)
"""Those that call somebody: a double has neither answers nor an address."""


@pytest.fixture(params=CHANNELS, ids=lambda pair: f"{pair[0]} for {pair[1]}")
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    """Yield each provider on each of its channels."""
    provider, channel = request.param
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(HttpServer(body=SAID[provider]).serving())
        made = case_of(provider, channel, server)
        stack.push_async_callback(made.resources.outgoing.close)
        yield made


def seen(case: Case) -> list[str]:
    """Return what the provider, or the double, was given."""
    if case.provider == "recording":
        return [f"{row['recipient']} {row['text']}" for row in recorded_messages(case.resources.database, "acme")]
    return [request.body.decode() for request in messages(case.server)]


def messages(server: HttpServer) -> list[Any]:
    """Return the requests, without those for a token."""
    return [request for request in server.requests if not request.line.endswith("/token")]


async def sent(provider: str, channel: str, event: Any, **changed: Any) -> tuple[Result, HttpServer]:
    """Send one event; return the outcome, and the server with what it was asked."""
    async with HttpServer(body=SAID[provider]).serving() as server:
        case = case_of(provider, channel, server, **changed)
        result = await case.send(event)
        await case.resources.outgoing.close()
    return result, server
