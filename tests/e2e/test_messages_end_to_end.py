"""Messages from outside: tracked mail that moves its item, SMS with a report, write-back, and tests of connections.

All services as processes, a real Kafka; SMTP server, SMS provider and CRM are played on this machine.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from automation.values import Money
from services.edge.broker import RunningBroker
from services.notifier.providers.twilio import signature
from services.payment_tracker.standard_webhooks import verify
from tests.e2e.company import Company, Item, eventually
from tests.http_server import HttpServer
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.kafka

TOKEN, HOOK = "twilio-token-for-tests", "a-secret-that-signs-webhooks"
PLACE = {"item_type": "deal", "pipeline": "mailing"}
MAIL = {"subject": "Offer {{field:title}}", "text": "[url=https://shop.example/offer]Offer[/url]", "track_clicks": True}
STAGES = [{"id": "written", "title": "Written"}, {"id": "opened", "title": "Opened"}]


class Outside(NamedTuple):
    """What stands outside: a mail server, and one that plays SMS provider and CRM."""

    smtp: SmtpServer
    http: HttpServer
    company: Company


def _serve(smtp: SmtpServer, http: HttpServer, up: threading.Event, stop: asyncio.Event) -> None:
    async def run() -> None:
        async with smtp.serving(), http.serving():
            up.set()
            await stop.wait()

    asyncio.run(run())


@pytest.fixture(scope="module")
def outside(broker: RunningBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A company that sends its mail, SMS and write-backs to servers of this test."""
    smtp, http, up, stop = SmtpServer(), HttpServer(body=b'{"sid": "SM77"}'), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=_serve, args=(smtp, http, up, stop), daemon=True)
    thread.start()
    up.wait(10)
    home = tmp_path_factory.mktemp("messages")
    (home / "connection_secrets.json").write_text(json.dumps({"acme": {"sms": TOKEN, "crm": HOOK}}))
    company = Company(home, broker.bootstrap)
    company._env |= {
        "STAGEWIRE_SMTP_HOST": "127.0.0.1", "STAGEWIRE_SMTP_PORT": str(smtp.port), "STAGEWIRE_SMTP_SECURITY": "none",
        "STAGEWIRE_TRUSTED_HOSTS": json.dumps([f"127.0.0.1:{http.port}"]),
    }  # fmt: skip
    try:
        company.open()
        _define(company, http)
        yield Outside(smtp, http, company)
    finally:
        company.shell("down")


def _define(company: Company, http: HttpServer) -> None:
    """Add a pipeline whose first stage writes to the client and whose second one is for those who read it."""
    twilio = {
        "channel": "sms",
        "provider": "twilio",
        "url": http.url,
        "account": "AC1",
        "sender": "+1",
        "secret": "sms",
    }
    crm = {"channel": "crm_webhook", "provider": "standard_webhooks", "url": f"{http.url}/crm", "secret": "crm"}
    made = [
        ("pipeline", "mailing", {"item_type": "deal", "title": "Mailing", "stages": STAGES}),
        ("connection", "sms", twilio),
        ("connection", "crm", crm),
        ("rule", "m-mail", {"type": "send_client_email", "stage": "written", "params": MAIL, **PLACE}),
        ("rule", "m-sms", _texting("send_client_sms")),
        ("rule", "m-employee", {"type": "send_employee_email", "stage": "written", "params": _PLAIN, **PLACE}),
        ("trigger", "m-opened", {"type": "track_email_opened", "stage": "opened", **PLACE}),
    ]
    body = {"definitions": [{"kind": k, "id": i, "expected": 0, "body": {"id": i, **b}} for k, i, b in made]}
    reply = company.call("PUT", "/v1/definitions", body)
    assert reply.status == 200, reply


_PLAIN = {"subject": "To do", "text": "See {{field:title}}"}


def _texting(type_: str) -> dict[str, Any]:
    return {"type": type_, "stage": "written", "params": {"text": "Hi", "provider": "sms"}, **PLACE}


@pytest.fixture(scope="module")
def deal(outside: Outside) -> Item:
    """A deal whose client was written to."""
    contact = {"email_work": "client@home.test", "phone_mobile": "+49 170 1234"}
    return Item(outside.company, "deal", Money(100, "EUR"), **contact).create(pipeline="mailing")


def _mail_to(smtp: SmtpServer, address: str) -> Any:
    return eventually(lambda: next((mail for mail in smtp.mails if mail["To"] == address), None))


def _path(outside: Outside, pattern: str) -> str:
    html = _mail_to(outside.smtp, "client@home.test").get_body(("html",)).get_content()
    return urlsplit(re.search(pattern, html)[1]).path  # type: ignore[index]


def test_a_mail_whose_pixel_is_fetched_twice_moves_its_item_once(outside: Outside, deal: Item) -> None:
    """Sent, opened twice at once, clicked: one firing, one move, one opening; the click is counted."""
    company = outside.company
    pixel = _path(outside, r'<img src="([^"]+/t/o/[^"]+)"')
    assert deal.ending("m-mail") == ("completed", "")
    for _ in range(2):
        reply = company.call("GET", pixel)
        assert (reply.status, reply.headers["content-type"]) == (200, "image/gif")
    deal.reach("opened")
    click = company.call("GET", _path(outside, r'<a href="([^"]+/t/c/[^"]+)"'))
    assert (click.status, click.headers["location"]) == (302, "https://shop.example/offer")
    eventually(lambda: deal.timeline("client_email")[0]["facts"]["clicks"] == 1)
    company.call("GET", pixel)
    eventually(company.at_rest)

    assert deal.firings() == [("m-opened", "moved", "")]
    assert [one["facts"]["to_stage"] for one in deal.timeline("stage_changed")] == ["opened"]
    facts = deal.timeline("client_email")[0]["facts"]
    assert (facts["status"], facts["opened_at"] > 0, facts["clicks"]) == ("completed", True, 1)
    assert deal.alerts() == []


def test_an_employees_mail_is_in_no_timeline(outside: Outside, deal: Item) -> None:
    """It is sent, untracked, and the item does not show it."""
    mail = _mail_to(outside.smtp, "ann@acme-desks.test")
    assert (mail["Subject"], mail.get_content().strip()) == ("To do", f"See {deal.title}")
    assert deal.ending("m-employee") == ("completed", "")
    assert len(deal.timeline("client_email")) == 1


def test_an_sms_is_sent_and_then_delivered(outside: Outside, deal: Item) -> None:
    """The provider's own id, its signed report, and the item's timeline."""
    company, item = outside.company, f"deal/{deal.id}"
    assert deal.ending("m-sms") == ("completed", "")
    (sent,) = company.shell("messages", "--item", item, "--channel", "sms")["messages"]
    assert (sent["state"], sent["provider_id"]) == ("sent", "SM77")
    forms = [parse_qs(r.body.decode()) for r in outside.http.requests if r.line.endswith("Messages.json")]
    (form,) = [form for form in forms if sent["effect_id"] in form["StatusCallback"][0]]
    assert form["To"] == ["+491701234"]
    url, body = form["StatusCallback"][0], b"MessageSid=SM77&MessageStatus=delivered"
    signed = {"X-Twilio-Signature": signature(url, body, TOKEN), "Content-Type": "application/x-www-form-urlencoded"}
    assert company.call("POST", urlsplit(url).path, body, {**signed, "X-Twilio-Signature": "AAAA"}).status == 401
    assert [company.call("POST", urlsplit(url).path, body, signed).status for _ in range(2)] == [204, 204]
    eventually(lambda: deal.timeline("client_sms")[0]["facts"]["delivery"] == "delivered")
    (shown,) = company.shell("messages", "--item", item, "--state", "delivered")["messages"]
    assert shown["effect_id"] == sent["effect_id"]


def test_the_crm_is_told_of_the_move(outside: Outside, deal: Item) -> None:
    """Signed, with the item's id and its new stage; once under one id."""
    deal.reach("opened")
    told = eventually(
        lambda: [r for r in outside.http.requests if r.line == "POST /crm" and deal.id.encode() in r.body]
    )
    (request,) = told
    verify(request.headers, request.body, [HOOK], int(request.headers["webhook-timestamp"]) * 1_000)
    data = json.loads(request.body)["data"]
    assert (data["item_type"], data["item_id"], data["stage"]) == ("deal", deal.id, "opened")


def test_connections_are_listed_and_tested(outside: Outside) -> None:
    """From the command line, against the provider."""
    company = outside.company
    listed = {one["id"]: one["secret_found"] for one in company.shell("channels", "list")["connections"]}
    assert listed == {"sms": True, "crm": True}
    tried = company.shell("channels", "test", "sms", "--to", "+49 171 5")
    assert (tried["state"], tried["provider_id"], tried["item_key"]) == ("sent", "SM77", "acme/connection/sms")
