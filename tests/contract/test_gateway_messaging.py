"""Tracked mail, providers' reports and tests of connections over the API."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from automation.definitions import models as m
from automation.definitions.saved import DefinitionSaved
from automation.items.changes import ReportEmailSeen
from automation.items.message_effects import EmployeeEmailRequested, SmsRequested
from services.edge.codec import item_events
from services.edge.tracked_links import TrackedLinks
from services.gateway.messaging import MOST_FACTS
from services.notifier.channel import Sent
from services.notifier.connected import callback_url
from services.notifier.ledger import Ledger
from services.notifier.policy import settle
from services.notifier.providers.twilio import signature
from services.notifier.rows import NewEffect
from services.notifier.sent import Query
from services.payment_tracker.standard_webhooks import sign
from tests.gateway_world import HOOK, NOW, SECRET, World, world

__all__ = ["world"]

LINKS = TrackedLinks("https://crm.test", [SECRET.encode()])
ITEM = "acme/deal/acme-1"
TWILIO = m.Connection(id="sms", channel="sms", provider="twilio", account="AC1", secret="sms", sender="+1")
HTTP = m.Connection(id="http", channel="sms", provider="sms_http", url="https://sms.test/", secret="hook")
MAIL = m.Connection(id="box", channel="email", provider="recording", sender="office@acme.test")
CLOSED = m.Connection(id="off", channel="sms", provider="recording", active=False)


def _connect(world: World, *made: m.Connection, tenant: str = "acme") -> None:
    book = world.shelf.book
    for one in made:
        saved = DefinitionSaved(
            tenant, "connection", one.id, 1, 0, "ann", 0, f"{tenant}{one.id}", True, False, one.model_dump_json()
        )
        book.apply(saved, book.version)


def _path(url: str) -> str:
    return url.removeprefix("https://crm.test")


# --- tracked mail ----------------------------------------------------------------------------------------------


async def test_an_open_pixel_is_a_picture_and_one_fact(world: World) -> None:
    """The second fetch gets the picture and tells nothing: both have the same id anyhow."""
    path = _path(LINKS.pixel(ITEM, "m1"))
    for _ in range(3):
        reply = await world.call("GET", path, key=None)
        assert (reply.status, reply.headers["content-type"]) == (200, "image/gif")
        assert reply.body.startswith(b"GIF89a")
        assert reply.headers["cache-control"] == "no-store"
    (letter,) = world.outbox.letters
    assert letter.key.text == ITEM
    assert letter.change == ReportEmailSeen("m1", "opened", letter.frame.change_id, "")
    assert letter.frame.source == "app"


async def test_another_gateway_names_the_opening_alike(world: World) -> None:
    """What one process forgot, the item knows: the change id depends on the mail alone."""
    await world.call("GET", _path(LINKS.pixel(ITEM, "m1")), key=None)
    world.ports.messaging.told._counts.clear()
    await world.call("GET", _path(LINKS.pixel(ITEM, "m1")), key=None)
    assert len({letter.frame.change_id for letter in world.outbox.letters}) == 1


async def test_a_click_leads_where_the_mail_did_and_each_is_a_fact(world: World) -> None:
    """Up to a limit per mail; the client is led on all the same."""
    link = "https://pay.example/1?a=1&b=2#x"
    path = _path(LINKS.click(ITEM, "m1", link))
    for _ in range(MOST_FACTS + 3):
        reply = await world.call("GET", path, key=None)
        assert (reply.status, reply.headers["location"]) == (302, link)
    assert len(world.outbox.letters) == MOST_FACTS
    assert len({letter.frame.change_id for letter in world.outbox.letters}) == MOST_FACTS
    assert world.outbox.letters[0].change.link == link
    assert world.outbox.letters[0].change.seen_id.startswith("m1:")


async def test_the_client_is_served_while_kafka_is_away(world: World) -> None:
    """The fact is told at the next opening."""
    world.outbox.down = True
    assert (await world.call("GET", _path(LINKS.pixel(ITEM, "m1")), key=None)).status == 200
    world.outbox.down = False
    await world.call("GET", _path(LINKS.pixel(ITEM, "m1")), key=None)
    assert len(world.outbox.letters) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/t/c/x", "/t/o/x.y", "/t/c/" + "a" * 9_000, "/t/c/?u=https://evil.example",
        _path(LINKS.pixel(ITEM, "m1")).replace("/t/o/", "/t/c/"),
        _path(LINKS.click(ITEM, "m1", "https://a.example")).replace("/t/c/", "/t/o/"),
        _path(LINKS.click(ITEM, "m1", "https://a.example"))[:-1] + "!",
        _path(TrackedLinks("https://crm.test", [b"x" * 32]).click(ITEM, "m1", "https://evil.example")),
        _path(TrackedLinks("https://crm.test", [SECRET.encode()])._base + "/t/c/"
              + LINKS._token([ITEM, "m1", "javascript:alert(1)"], "clicked")),
    ],
)  # fmt: skip
async def test_there_is_no_open_redirect(world: World, path: str) -> None:
    """Made up, of another kind, signed by somebody else, or no web link: nowhere to go, and nothing told."""
    reply = await world.call("GET", path, key=None)
    assert reply.status == 404
    assert "location" not in reply.headers
    assert world.outbox.letters == []


# --- reports of providers --------------------------------------------------------------------------------------


def _message(world: World, tenant: str = "acme", effect_id: str = "m9") -> Ledger:
    """Put a message into the ledger that its provider has taken."""
    sent = world.ports.messaging.sent()
    database = sent._database
    sent.enqueue(NewEffect(tenant, effect_id, "sms", f"{tenant}/deal/1", "run", b"p", "c", "r", 0), NOW)
    ledger = Ledger(database)
    for claim in ledger.claim("sms", "me", NOW, NOW + 9_000, 10):
        ledger.settle([(claim, settle(Sent("SM1"), tries=1, recognises_key=False, now=NOW))], NOW)
    return ledger


async def _report(world: World, status: str, secret: str = SECRET, effect_id: str = "m9", tenant: str = "acme") -> int:
    url = callback_url("https://crm.test", tenant, "sms", effect_id)
    body = urlencode({"MessageStatus": status, "MessageSid": "SM1", "ErrorCode": "30003"}).encode()
    headers = {
        "x-twilio-signature": signature(url, body, secret), "content-type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    return (await world.call("POST", _path(url), body, key=None, headers=headers)).status


def _states(world: World, tenant: str = "acme") -> list[tuple[str, str]]:
    return [(one.state, one.detail) for one in world.ports.messaging.sent().list(tenant, Query(channel="sms"))]


async def test_a_signed_report_says_what_became_of_a_message(world: World) -> None:
    """States on the way change nothing; the first final one counts; repeats are taken."""
    _connect(world, TWILIO)
    _message(world)
    assert [await _report(world, status) for status in ("queued", "sent")] == [204, 204]
    assert _states(world) == [("sent", "")]
    assert [await _report(world, status) for status in ("delivered", "delivered", "failed")] == [204, 204, 204]
    assert _states(world) == [("delivered", "")]


async def test_a_message_may_fail_after_it_was_sent(world: World) -> None:
    """The provider's code stands beside it."""
    _connect(world, TWILIO)
    _message(world)
    assert await _report(world, "undelivered") == 204
    assert _states(world) == [("failed", "twilio 30003")]


async def test_a_report_that_is_not_signed_for_this_message_is_not_believed(world: World) -> None:
    """Another secret, no signature, another message, another tenant, an unknown connection."""
    _connect(world, TWILIO)
    _message(world)
    assert await _report(world, "failed", secret="another secret of thirty signs") == 401
    assert await _report(world, "failed", effect_id="m8") == 404
    assert await _report(world, "failed", tenant="other") == 404
    url = callback_url("https://crm.test", "acme", "sms", "m9")
    assert (await world.call("POST", _path(url), b"MessageStatus=failed", key=None)).status == 401
    foreign = callback_url("https://crm.test", "acme", "sms", "m7")
    body = b"MessageStatus=failed"
    headers = {"x-twilio-signature": signature(foreign, body, SECRET)}
    assert (await world.call("POST", _path(url), body, key=None, headers=headers)).status == 401
    nowhere = callback_url("https://crm.test", "acme", "gone", "m9")
    assert (await world.call("POST", _path(nowhere), body, key=None)).status == 404
    assert _states(world) == [("sent", "")]


async def test_a_provider_of_the_generic_kind_signs_after_standard_webhooks(world: World) -> None:
    """With the secret of its connection, within five minutes."""
    _connect(world, HTTP)
    _message(world)
    url, body = callback_url("https://crm.test", "acme", "http", "m9"), b'{"status": "delivered"}'
    old = dict(sign("w1", body, HOOK, NOW - 400_000))
    assert (await world.call("POST", _path(url), body, key=None, headers=old)).status == 401
    now = dict(sign("w1", body, HOOK, NOW))
    assert (await world.call("POST", _path(url), body + b" ", key=None, headers=now)).status == 401
    assert (await world.call("POST", _path(url), body, key=None, headers=now)).status == 204
    assert _states(world) == [("delivered", "")]


# --- connections and their tests -------------------------------------------------------------------------------


async def test_connections_are_listed_with_what_they_lack(world: World) -> None:
    """Providers, limits, whether the secret is there; never the secret."""
    _connect(world, TWILIO, MAIL, m.Connection(id="tg", channel="messenger", provider="telegram", secret="gone"))
    reply = await world.call("GET", "/v1/connections")
    shown = {one["id"]: (one["provider"], one["secret_found"]) for one in reply.json["connections"]}
    assert shown == {"box": ("recording", True), "sms": ("twilio", True), "tg": ("telegram", False)}
    assert SECRET.encode() not in reply.body
    assert (await world.call("GET", "/v1/connections", key="other")).json == {"connections": []}


@pytest.mark.parametrize(("connection", "kind"), [(TWILIO, SmsRequested), (MAIL, EmployeeEmailRequested)])
async def test_a_test_is_a_message_like_any_other(world: World, connection: m.Connection, kind: type) -> None:
    """It is queued for the channel of the connection, and listed with its state."""
    _connect(world, connection)
    reply = await world.call("POST", f"/v1/connections/{connection.id}/test", {"to": "+491701", "text": "Hi"})
    assert reply.status == 202
    (listed,) = (await world.call("GET", "/v1/messages/sent")).json["messages"]
    assert (listed["effect_id"], listed["state"], listed["item_key"]) == (
        reply.json["message_id"], "queued", f"acme/connection/{connection.id}",
    )  # fmt: skip
    ledger = Ledger(world.ports.messaging.sent()._database)
    (claim,) = ledger.claim(kind.CHANNEL, "me", NOW, NOW + 9, 1)  # type: ignore[attr-defined]
    event = item_events().decode(claim.payload).event
    assert isinstance(event, kind)
    assert (event.to.text, event.text.text) == ("+491701", "Hi")  # type: ignore[attr-defined]
    assert (await world.call("GET", "/v1/messages/sent", key="other")).json["messages"] == []


async def test_a_test_needs_a_connection_of_the_tenant_that_is_active(world: World) -> None:
    """Unknown, another tenant's, inactive, a mailbox without an address, a text that is none."""
    _connect(world, CLOSED, m.Connection(id="mute", channel="email", provider="recording"))
    _connect(world, TWILIO, tenant="other")
    bodies = {"sms": {}, "off": {}, "mute": {}, "gone": {}}
    found = {
        name: (await world.call("POST", f"/v1/connections/{name}/test", {"to": "x", **body})).status
        for name, body in bodies.items()
    }
    assert found == {"sms": 404, "off": 409, "mute": 422, "gone": 404}
    assert (await world.call("POST", "/v1/connections/off/test", {"text": ""})).status == 422
    assert (await world.call("POST", "/v1/connections/off/test", {}, key="acme read")).status == 403
