"""Each provider's own format: what it is sent, and what its answers say."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64decode
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from automation.definitions import models as m
from automation.items.parts import ProductRow
from automation.values import Money, Personal
from services.edge.outgoing import Guard, Outgoing
from services.edge.secrets_file import ConnectionSecrets
from services.notifier.catalogue import load_channels, load_providers
from services.notifier.channel import Rejected, Sent, Unknown
from services.notifier.connections import Connections
from services.notifier.provider import Parcel
from services.notifier.providers.apprise import AppriseService
from services.payment_tracker.standard_webhooks import verify
from tests.channel_world import (
    EVENTS,
    NOW,
    SAID,
    SECRET,
    audience,
    case_of,
    chat,
    seen,
    sent,
    sms,
    told,
)
from tests.http_server import HttpServer


async def test_twilio_gets_its_form() -> None:
    """Account and token as login, number without signs, and where to report deliveries."""
    _, server = await sent("twilio", "sms", sms("Grüße"))
    (request,) = server.requests
    assert request.line == "POST /2010-04-01/Accounts/AC1/Messages.json"
    assert b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"AC1:token-1"
    assert parse_qs(request.body.decode()) == {
        "To": ["+491701234"], "From": ["+1999"], "Body": ["Grüße"],
        "StatusCallback": ["https://crm.test/v1/webhooks/messages/acme/c/e1"],
    }  # fmt: skip
    _, service = await sent("twilio", "sms", sms(), sender="MG1")
    assert parse_qs(service.requests[0].body.decode())["MessagingServiceSid"] == ["MG1"]


async def test_a_generic_provider_gets_the_connections_template() -> None:
    """Values are put in as JSON texts; the secret is a bearer token, the effect the idempotency key."""
    body = '{"msg": {"dst": [{to}], "body": {text}}, "src": {sender}, "ref": {id}}'
    _, server = await sent("sms_http", "sms", sms('a"b'), body=body, sender="Acme")
    (request,) = server.requests
    assert json.loads(request.body) == {
        "msg": {"dst": ["+491701234"], "body": 'a"b'}, "src": "Acme", "ref": "e1",
    }  # fmt: skip
    assert (request.headers["authorization"], request.headers["idempotency-key"]) == ("Bearer key-1", "e1")


@pytest.mark.parametrize("status", [500, 502, 504, 0])
async def test_what_a_service_that_drops_repeats_may_have_sent_is_sent_again(status: int) -> None:
    """Where its connection says so; every attempt carries the same key. Else nobody knows, and nobody tries."""
    async with HttpServer(body=SAID["sms_http"]).serving() as server:
        case = case_of("sms_http", "sms", server, drops_repeats=True)
        server.status = status
        first = await case.send()
        server.status = 200
        assert await case.send() == Sent("77")
        await case.resources.outgoing.close()
        assert isinstance(first, Unknown)
        assert first.repeatable
        assert [request.headers["idempotency-key"] for request in server.requests] == ["e1", "e1"]

        plain = case_of("sms_http", "sms", server)
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
    result, server = await sent("sms_http", "sms", sms(), body='{"to": {to}')
    assert (result, server.requests) == (Rejected("no_provider", "the connection's body is no JSON"), [])


async def test_telegram_gets_chat_and_text() -> None:
    """The connection's own chat where the message names none; long texts are cut."""
    _, server = await sent("telegram", "messenger", chat("x" * 5_000))
    (request,) = server.requests
    assert request.line == "POST /bot123:abcdefghijklmn/sendMessage"
    assert json.loads(request.body) == {"chat_id": "@team", "text": "x" * 4_096}
    _, own = await sent("telegram", "messenger", dataclasses.replace(chat(), to=Personal("")), sender="-100")
    assert json.loads(own.requests[0].body)["chat_id"] == "-100"


async def test_a_crm_gets_a_signed_webhook() -> None:
    """Standard Webhooks: verified by its library's own rules; what stayed as it was is left out."""
    _, server = await sent("standard_webhooks", "crm_webhook", told())
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
    _, server = await sent("standard_webhooks", "crm_webhook", dataclasses.replace(told(), rows=rows))
    row = {
        "product_id": "p", "name": "Chair", "quantity_milli": 2_000, "price": {"minor": 5, "currency": "EUR"},
        "row_id": "r", "discount_milli": 10_000, "unit": "pc",
    }  # fmt: skip
    assert json.loads(server.requests[0].body)["data"]["rows"] == ([row] if rows else [])


async def test_a_crm_learns_the_ids_of_what_automation_created() -> None:
    """The item's id is the one that the platform uses from then on."""
    _, server = await sent("standard_webhooks", "crm_webhook", dataclasses.replace(told(), created=True))
    assert json.loads(server.requests[0].body)["type"] == "item.created"


async def test_a_crm_may_change_its_secret() -> None:
    """Both sign while two are named."""
    async with HttpServer().serving() as server:
        case = case_of("standard_webhooks", "crm_webhook", server)
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
    result, server = await sent(provider, channel, EVENTS[channel](), secret="gone")
    assert isinstance(result, Rejected)
    assert (result.reason, server.requests) == ("no_provider", [])


async def test_facebook_gets_one_row_for_each_contact_point() -> None:
    """Hashes alone, the token in the body and not in the address; what it took is counted."""
    result, server = await sent("facebook_ads", "ads_audience", audience("a"))
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
    result, server = await sent("google_ads", "ads_audience", many)
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
        case = case_of("recording", "ads_audience", server)
        assert await case.send() == Sent("e1", {"added_count": "3"})
    assert seen(case) == ['66 {"emails":["Hello","b"],"phones":["c"]}']


@pytest.mark.parametrize("provider", ["facebook_ads", "google_ads"])
@pytest.mark.parametrize("name", ["", "66/../67", "\u0661", "66?x=", "abc"])
async def test_an_audience_has_a_number(provider: str, name: str) -> None:
    """Nothing else gets into the address of a request."""
    result, server = await sent(provider, "ads_audience", dataclasses.replace(audience(), audience=name))
    assert isinstance(result, Rejected)
    assert (result.reason, server.requests) == ("invalid_value:audience", [])


@pytest.mark.parametrize("number", ["", "abc", "12", "+49 170 x", "+1;ext=2", "1" * 21, "+49\r\n170"])
async def test_what_is_no_number_is_written_to_nobody(number: str) -> None:
    """Refused before anybody is asked."""
    result, server = await sent("twilio", "sms", dataclasses.replace(sms(), to=Personal(number)))
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
