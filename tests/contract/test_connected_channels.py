"""One suite for every provider of a connection and for its recording double, each against a server on this machine."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr

from automation.definitions import models as m
from automation.items.ads_effects import AudienceRequested
from automation.items.message_effects import MessengerRequested, SmsRequested, WriteBackRequested
from automation.items.parts import ProductRow
from automation.values import Money, Personal
from services.edge.clock import SetClock
from services.edge.definitions import FixedDefinitions
from services.edge.outgoing import Guard, Outgoing
from services.edge.secrets_file import ConnectionSecrets
from services.edge.sql import open_database
from services.notifier.catalogue import load_channels, load_providers
from services.notifier.channel import Channel, Delivery, Rejected, Resources, Result, Retry, Sent, Unknown
from services.notifier.connections import Connections
from services.notifier.gate import Gate
from services.notifier.provider import Parcel
from services.notifier.providers.apprise import AppriseService
from services.notifier.quota import Quota
from services.notifier.recording import recorded_messages
from services.notifier.settings import NotifierSettings
from services.notifier.tables import ALL
from services.payment_tracker.standard_webhooks import verify
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


def _case(provider: str, name: str, server: HttpServer, **changed: Any) -> Case:
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
        Outgoing(Guard(frozenset({f"127.0.0.1:{server.port}"})), seconds=2), public_url="https://crm.test",
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
        made = _case(provider, channel, server)
        stack.push_async_callback(made.resources.outgoing.close)
        yield made


def _seen(case: Case) -> list[str]:
    """Return what the provider, or the double, was given."""
    if case.provider == "recording":
        return [f"{row['recipient']} {row['text']}" for row in recorded_messages(case.resources.database, "acme")]
    return [request.body.decode() for request in _messages(case.server)]


def _messages(server: HttpServer) -> list[Any]:
    """Return the requests, without those for a token."""
    return [request for request in server.requests if not request.line.endswith("/token")]


# --- the contract ----------------------------------------------------------------------------------------------


async def test_one_effect_is_one_message_with_the_providers_own_id(case: Case) -> None:
    """What is sent is seen."""
    sent = await case.send()
    assert isinstance(sent, Sent)
    assert sent.provider_id == IDS[case.provider]
    assert len(_seen(case)) == 1


async def test_without_the_connection_nothing_is_sent(case: Case) -> None:
    """Unknown, or another tenant's."""
    gone = dataclasses.replace(case.event(), connection="other")
    assert await case.send(gone) == Rejected("no_provider", "connection")
    assert await case.send(tenant="globex") == Rejected("no_provider", "connection")
    assert _seen(case) == []


@pytest.mark.parametrize(
    "text", ['"}, "to": "+666', "\x00\u2028\U0001f600" * 40, "{to} {text} {{x}}", "%0d%0aBcc: x", "&To=+666"]
)
async def test_hostile_texts_arrive_as_texts(case: Case, text: str) -> None:
    """Nothing in a message ends its place in a request."""
    assert isinstance(await case.send(case.event(text)), Sent)
    assert len(_seen(case)) == 1
    assert "+666" not in str(_recipient(case))


def _recipient(case: Case) -> Any:
    if case.provider == "recording":
        return _seen(case)[0].split()[0]
    request = _messages(case.server)[0]
    body = request.body
    if case.provider == "twilio":
        return parse_qs(body.decode())["To"]
    if case.provider == "facebook_ads":
        return request.line
    return json.loads(body).get("to", json.loads(body).get("chat_id"))


@REAL
@pytest.mark.parametrize(
    ("status", "expected"),
    [(429, Retry), (503, Retry), (400, Rejected), (401, Rejected), (404, Rejected), (410, Rejected), (302, Rejected),
     (500, Unknown), (502, Unknown), (0, Unknown)],
)  # fmt: skip
async def test_the_answer_decides_what_is_known(case: Case, status: int, expected: type) -> None:
    """Later, never, or nobody knows; a detail holds neither address nor text."""
    case.server.status = status
    result = await case.send()
    assert isinstance(result, expected)
    assert not any(told in str(result) for told in ("4917", "Hello", "@team", SECRET[case.provider]))


@REAL
async def test_a_pause_that_is_asked_for_is_kept(case: Case) -> None:
    """`Retry-After` in seconds."""
    case.server.status, case.server.headers = 429, {"Retry_After": "90"}
    assert await case.send() == Retry("http 429", 90_000)


@REAL
async def test_a_refused_connection_sent_nothing(case: Case) -> None:
    """It may be tried again."""
    async with HttpServer().serving() as gone:
        away = _case(case.provider, type(case.event()).CHANNEL, gone)
    assert isinstance(await away.send(), Retry)
    await away.resources.outgoing.close()


@REAL
@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:443", "https://169.254.169.254", "https://localhost:8443", "http://example.com"]
)
async def test_no_connection_leads_into_the_private_network(case: Case, url: str) -> None:
    """Whatever a tenant has written into it."""
    inward = _case(case.provider, type(case.event()).CHANNEL, case.server, url=url)
    result = await inward.send()
    assert isinstance(result, Rejected)
    assert result.detail.startswith("address: ")
    assert case.server.requests == []


async def test_a_second_call_has_a_second_effect_only_where_the_key_is_not_recognised(case: Case) -> None:
    """A CRM drops repeats by `webhook-id`, and an audience is a set; nobody promises that for messages."""
    await case.send()
    await case.send()
    assert case.channel.recognises_key == isinstance(case.event(), REPEATABLE)
    if case.provider != "recording":
        ids = {request.headers.get("webhook-id") for request in case.server.requests}
        assert len(ids) == 1


# --- each provider's own format --------------------------------------------------------------------------------


async def _sent(provider: str, channel: str, event: Any, **changed: Any) -> tuple[Result, HttpServer]:
    async with HttpServer(body=SAID[provider]).serving() as server:
        case = _case(provider, channel, server, **changed)
        result = await case.send(event)
        await case.resources.outgoing.close()
    return result, server


async def test_twilio_gets_its_form() -> None:
    """Account and token as login, number without signs, and where to report deliveries."""
    _, server = await _sent("twilio", "sms", sms("Grüße"))
    (request,) = server.requests
    assert request.line == "POST /2010-04-01/Accounts/AC1/Messages.json"
    assert b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"AC1:token-1"
    assert parse_qs(request.body.decode()) == {
        "To": ["+491701234"], "From": ["+1999"], "Body": ["Grüße"],
        "StatusCallback": ["https://crm.test/v1/webhooks/messages/acme/c/e1"],
    }  # fmt: skip
    _, service = await _sent("twilio", "sms", sms(), sender="MG1")
    assert parse_qs(service.requests[0].body.decode())["MessagingServiceSid"] == ["MG1"]


async def test_a_generic_provider_gets_the_connections_template() -> None:
    """Values are put in as JSON texts; the secret is a bearer token, the effect the idempotency key."""
    body = '{"msg": {"dst": [{to}], "body": {text}}, "src": {sender}, "ref": {id}}'
    _, server = await _sent("sms_http", "sms", sms('a"b'), body=body, sender="Acme")
    (request,) = server.requests
    assert json.loads(request.body) == {
        "msg": {"dst": ["+491701234"], "body": 'a"b'}, "src": "Acme", "ref": "e1",
    }  # fmt: skip
    assert (request.headers["authorization"], request.headers["idempotency-key"]) == ("Bearer key-1", "e1")


@pytest.mark.parametrize("status", [500, 502, 504, 0])
async def test_what_a_service_that_drops_repeats_may_have_sent_is_sent_again(status: int) -> None:
    """Where its connection says so; every attempt carries the same key. Else nobody knows, and nobody tries."""
    async with HttpServer(body=SAID["sms_http"]).serving() as server:
        case = _case("sms_http", "sms", server, drops_repeats=True)
        server.status = status
        first = await case.send()
        server.status = 200
        assert await case.send() == Sent("77")
        await case.resources.outgoing.close()
        assert isinstance(first, Unknown)
        assert first.repeatable
        assert [request.headers["idempotency-key"] for request in server.requests] == ["e1", "e1"]

        plain = _case("sms_http", "sms", server)
        server.status = status
        assert await plain.send() == Unknown(first.detail)
        await plain.resources.outgoing.close()


@pytest.mark.parametrize("provider", sorted(set(m.PROVIDERS) - {"sms_http", "smtp"}))
def test_of_other_providers_it_is_known_whether_they_drop_repeats(provider: str) -> None:
    """It is nothing that a tenant may say of Twilio or Telegram."""
    place = {"id": "c", "channel": m.PROVIDERS[provider][-1], "provider": provider, "url": "https://x.example"}
    with pytest.raises(ValueError, match="drops_repeats"):
        m.Connection(**place, drops_repeats=True)


async def test_a_template_that_is_no_json_sends_nothing() -> None:
    """The connection is not set up."""
    result, server = await _sent("sms_http", "sms", sms(), body='{"to": {to}')
    assert (result, server.requests) == (Rejected("no_provider", "the connection's body is no JSON"), [])


async def test_telegram_gets_chat_and_text() -> None:
    """The connection's own chat where the message names none; long texts are cut."""
    _, server = await _sent("telegram", "messenger", chat("x" * 5_000))
    (request,) = server.requests
    assert request.line == "POST /bot123:abcdefghijklmn/sendMessage"
    assert json.loads(request.body) == {"chat_id": "@team", "text": "x" * 4_096}
    _, own = await _sent("telegram", "messenger", dataclasses.replace(chat(), to=Personal("")), sender="-100")
    assert json.loads(own.requests[0].body)["chat_id"] == "-100"


async def test_a_crm_gets_a_signed_webhook() -> None:
    """Standard Webhooks: verified by its library's own rules; what stayed as it was is left out."""
    _, server = await _sent("standard_webhooks", "crm_webhook", told())
    (request,) = server.requests
    assert verify(request.headers, request.body, [SECRET["standard_webhooks"]], NOW).notice_id == "e1"
    assert json.loads(request.body) == {
        "type": "item.changed", "timestamp": "2023-11-14T22:13:20+00:00",
        "data": {
            "tenant": "acme", "item_type": "deal", "item_id": "42", "version": 7, "pipeline": "main", "stage": "won",
            "fields": {"comments": "Hello", "amount": {"minor": 5, "currency": "EUR"}, "title": None},
        },
    }  # fmt: skip


@pytest.mark.parametrize("rows", [(), (ProductRow("p", "Chair", 2_000, Money(5, "EUR"), "r", 10_000, "pc"),)])
async def test_a_crm_gets_product_rows_as_the_api_names_them(rows: tuple[ProductRow, ...]) -> None:
    """None at all is told, too."""
    _, server = await _sent("standard_webhooks", "crm_webhook", dataclasses.replace(told(), rows=rows))
    row = {
        "product_id": "p", "name": "Chair", "quantity_milli": 2_000, "price": {"minor": 5, "currency": "EUR"},
        "row_id": "r", "discount_milli": 10_000, "unit": "pc",
    }  # fmt: skip
    assert json.loads(server.requests[0].body)["data"]["rows"] == ([row] if rows else [])


async def test_a_crm_learns_the_ids_of_what_automation_created() -> None:
    """The item's id is the one that the platform uses from then on."""
    _, server = await _sent("standard_webhooks", "crm_webhook", dataclasses.replace(told(), created=True))
    assert json.loads(server.requests[0].body)["type"] == "item.created"


async def test_a_crm_may_change_its_secret() -> None:
    """Both sign while two are named."""
    async with HttpServer().serving() as server:
        case = _case("standard_webhooks", "crm_webhook", server)
        secrets = ConnectionSecrets({"acme": {"s": SecretStr("old-secret-of-sixteen " + "n" * 16)}})
        connections = Connections(case.resources.connections._definitions, secrets)
        channel = load_channels()["crm_webhook"].open(case.resources._replace(connections=connections))
        await case._replace(channel=channel).send()
        await case.resources.outgoing.close()
    (request,) = server.requests
    for secret in ("old-secret-of-sixteen", "n" * 16):
        verify(request.headers, request.body, [secret], NOW)


@pytest.mark.parametrize(
    ("provider", "channel"),
    [("twilio", "sms"), ("telegram", "messenger"), ("standard_webhooks", "crm_webhook"),
     ("facebook_ads", "ads_audience"), ("google_ads", "ads_audience")],
)  # fmt: skip
async def test_without_its_secret_a_connection_is_not_set_up(provider: str, channel: str) -> None:
    """The file of secrets does not have it."""
    result, server = await _sent(provider, channel, EVENTS[channel](), secret="gone")
    assert isinstance(result, Rejected)
    assert (result.reason, server.requests) == ("no_provider", [])


async def test_facebook_gets_one_row_for_each_contact_point() -> None:
    """Hashes alone, the token in the body and not in the address; what it took is counted."""
    result, server = await _sent("facebook_ads", "ads_audience", audience("a"))
    (request,) = server.requests
    form = {name: value for name, (value,) in parse_qs(request.body.decode()).items()}
    assert request.line == "POST /66/users"
    assert form["access_token"] == "token-2"
    rows = [["a", ""], ["b", ""], ["", "c"]]
    assert json.loads(form["payload"]) == {"schema": ["EMAIL", "PHONE"], "data": rows}
    assert result == Sent("e1", {"added_count": "2"})


async def test_google_gets_identifiers_for_its_user_list() -> None:
    """After a token for the account; what it took is not said, so all count."""
    many = dataclasses.replace(audience("a"), emails=tuple(map(str, range(30))))
    result, server = await _sent("google_ads", "ads_audience", many)
    token, request = server.requests
    assert (token.line, request.line) == ("POST /token", "POST /customers/123456:uploadUserData")
    assert parse_qs(token.body.decode()) == {
        "client_id": ["c1"], "client_secret": ["s1"], "refresh_token": ["r1"], "grant_type": ["refresh_token"],
    }  # fmt: skip
    assert (request.headers["authorization"], request.headers["developer-token"]) == ("Bearer t1", "d1")
    body = json.loads(request.body)
    assert body["customerMatchUserListMetadata"] == {"userList": "customers/123456/userLists/66"}
    parts = [one["create"]["userIdentifiers"] for one in body["operations"]]
    assert [len(part) for part in parts] == [20, 11]
    assert (parts[0][0], parts[1][-1]) == ({"hashedEmail": "0"}, {"hashedPhoneNumber": "c"})
    assert result == Sent("77", {"added_count": "31"})


async def test_the_double_counts_all_that_was_given() -> None:
    """And shows the hashes."""
    async with HttpServer().serving() as server:
        case = _case("recording", "ads_audience", server)
        assert await case.send() == Sent("e1", {"added_count": "3"})
    assert _seen(case) == ['66 {"emails":["Hello","b"],"phones":["c"]}']


@pytest.mark.parametrize("provider", ["facebook_ads", "google_ads"])
@pytest.mark.parametrize("name", ["", "66/../67", "\u0661", "66?x=", "abc"])
async def test_an_audience_has_a_number(provider: str, name: str) -> None:
    """Nothing else gets into the address of a request."""
    result, server = await _sent(provider, "ads_audience", dataclasses.replace(audience(), audience=name))
    assert isinstance(result, Rejected)
    assert (result.reason, server.requests) == ("invalid_value:audience", [])


@pytest.mark.parametrize("number", ["", "abc", "12", "+49 170 x", "+1;ext=2", "1" * 21, "+49\r\n170"])
async def test_what_is_no_number_is_written_to_nobody(number: str) -> None:
    """Refused before anybody is asked."""
    result, server = await _sent("twilio", "sms", dataclasses.replace(sms(), to=Personal(number)))
    if number != "+49\r\n170":
        assert (result, server.requests) == (Rejected("invalid_value:to", "number"), [])
    else:
        assert parse_qs(server.requests[0].body.decode())["To"] == ["+49170"]


# --- apprise ---------------------------------------------------------------------------------------------------


def _parcel(secret: str, to: str = "a/b") -> Parcel:
    connection = m.Connection(id="c", channel="messenger", provider="apprise", secret="s")
    return Parcel("acme", "e1", connection, secret, to, "Hello", NOW)


async def test_apprise_sends_to_services_that_are_taken() -> None:
    """Tried with its plain JSON service on this machine, which is none of those taken by themselves."""
    async with HttpServer().serving() as server:
        service = AppriseService(Outgoing(Guard()), services={"json"})
        assert await service.send(_parcel(f"json://127.0.0.1:{server.port}/{{to}}")) == Sent("e1")
        server.status = 500
        assert await service.send(_parcel(f"json://127.0.0.1:{server.port}/x")) == Unknown("apprise reports a failure")
    assert json.loads(server.requests[0].body)["message"] == "Hello"
    assert server.requests[0].line.startswith("POST /a%2Fb")


@pytest.mark.parametrize(
    "address",
    ["json://127.0.0.1:9000", "jsons://127.0.0.1", "xml://x", "form://x", "mailto://x:y@z", "ntfy://127.0.0.1",
     "slack://", "slack://127.0.0.1", "", "http://127.0.0.1", "file:///etc/passwd", "SLACK", "matrix://127.0.0.1",
     "mmost://127.0.0.1/a", "rocket://u:p@127.0.0.1/x", "gotify://127.0.0.1/x", "workflows://127.0.0.1/a/b", "workflows://evil.example/a/b",
     "workflows://x.logic.azure.com.evil.example/a/b", "workflows://x.logic.azure.com@127.0.0.1/a/b", "syslog://127.0.0.1"],
)  # fmt: skip
async def test_apprise_is_no_way_around_the_guard(address: str) -> None:
    """Services that may stand anywhere are not taken."""
    result = await AppriseService(Outgoing(Guard())).send(_parcel(address))
    assert isinstance(result, Rejected)
    assert result.reason == "no_provider"


def test_every_provider_of_a_connection_has_its_file() -> None:
    """Mail connections are performed by the channels of mail, recording by every channel."""
    assert set(load_providers()) == set(m.PROVIDERS) - {"recording", "smtp"}


# --- caps and quiet hours --------------------------------------------------------------------------------------


def _gate(case: Case, limits: m.ChannelLimits, clock: SetClock) -> Gate:
    settings = m.Settings(time_zone="Europe/Berlin", channels={"sms": limits})
    return Gate(Connections(FixedDefinitions(book_of(settings))), Quota(case.resources.database), clock)


def _delivery(effect_id: str, item: str = "deal/42", tenant: str = "acme") -> Delivery:
    return Delivery(tenant, effect_id, f"{tenant}/{item}", sms(), 1, NOW)


async def test_quiet_hours_hold_a_message_and_a_cap_refuses_it() -> None:
    """22:13 UTC is 23:13 in Berlin; in the morning two pass, the third does not, the next day it would."""
    async with HttpServer().serving() as server:
        case = _case("recording", "sms", server)
    clock = SetClock(NOW)
    gate = _gate(case, m.ChannelLimits(daily_cap=2, quiet_from="22:00", quiet_until="08:00"), clock)
    held = await gate.check("sms", _delivery("a"))
    assert held is not None
    assert held.until == 1_700_031_600_000  # type: ignore[union-attr]  # 08:00 in Berlin
    clock.move_to(1_700_031_600_000)
    found = [await gate.check("sms", _delivery(name)) for name in ("a", "b", "a", "c")]
    assert found == [None, None, None, Rejected("daily_cap_reached", "cap of 2")]
    clock.move_to(1_700_031_600_000 + 86_400_000)
    assert await gate.check("sms", _delivery("c")) is None


async def test_what_cannot_be_counted_is_tried_again() -> None:
    """A message that was not sent is not one of unknown fate."""
    async with HttpServer().serving() as server:
        case = _case("recording", "sms", server)
    gate = _gate(case, m.ChannelLimits(daily_cap=2), SetClock(NOW))
    with case.resources.database.transaction() as transaction:
        transaction.run("DROP TABLE quota_days")
    assert await gate.check("sms", _delivery("a")) == Retry("not counted")


async def test_definitions_that_cannot_be_read_are_no_missing_connection() -> None:
    """While Kafka is away nobody knows what is connected."""

    class Away(FixedDefinitions):
        async def catch_up(self, version: int | None) -> None:
            raise KafkaConnectionError

    async with HttpServer().serving() as server:
        case = _case("twilio", "sms", server)
        channel = load_channels()["sms"].open(case.resources._replace(connections=Connections(Away(book_of()))))
        assert await case._replace(channel=channel).send() == Retry("KafkaConnectionError")


async def test_other_channels_tenants_and_tests_have_no_limits_of_it() -> None:
    """A test that people send is sent now."""
    async with HttpServer().serving() as server:
        case = _case("recording", "sms", server)
    gate = _gate(case, m.ChannelLimits(quiet_from="00:00", quiet_until="23:59"), SetClock(NOW))
    assert await gate.check("sms", _delivery("a")) is not None
    assert await gate.check("messenger", _delivery("a")) is None
    assert await gate.check("sms", _delivery("a", tenant="globex")) is None
    assert await gate.check("sms", _delivery("a", "connection/c")) is None
