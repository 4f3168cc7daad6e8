"""One suite for every provider of a connection and for its recording double, each against a server on this machine."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from services.notifier.channel import Rejected, Retry, Sent, Unknown
from tests.channel_world import (
    IDS,
    REAL,
    REPEATABLE,
    SECRET,
    Case,
    case,
    case_of,
    messages,
    seen,
)
from tests.http_server import HttpServer

__all__ = ["case"]


async def test_one_effect_is_one_message_with_the_providers_own_id(case: Case) -> None:
    """What is sent is seen."""
    sent = await case.send()
    assert isinstance(sent, Sent)
    assert sent.provider_id == IDS[case.provider]
    assert len(seen(case)) == 1


async def test_without_the_connection_nothing_is_sent(case: Case) -> None:
    """Unknown, or another tenant's."""
    gone = dataclasses.replace(case.event(), connection="other")
    assert await case.send(gone) == Rejected("no_provider", "connection")
    assert await case.send(tenant="globex") == Rejected("no_provider", "connection")
    assert seen(case) == []


@pytest.mark.parametrize(
    "text", ['"}, "to": "+666', "\x00\u2028\U0001f600" * 40, "{to} {text} {{x}}", "%0d%0aBcc: x", "&To=+666"]
)
async def test_hostile_texts_arrive_as_texts(case: Case, text: str) -> None:
    """Nothing in a message ends its place in a request."""
    assert isinstance(await case.send(case.event(text)), Sent)
    assert len(seen(case)) == 1
    assert "+666" not in str(_recipient(case))


def _recipient(case: Case) -> Any:
    if case.provider == "recording":
        return seen(case)[0].split()[0]
    request = messages(case.server)[0]
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
        away = case_of(case.provider, type(case.event()).CHANNEL, gone)
    assert isinstance(await away.send(), Retry)
    await away.resources.outgoing.close()


@REAL
@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:443", "https://169.254.169.254", "https://localhost:8443", "http://example.com"]
)
async def test_no_connection_leads_into_the_private_network(case: Case, url: str) -> None:
    """Whatever a tenant has written into it."""
    inward = case_of(case.provider, type(case.event()).CHANNEL, case.server, url=url)
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
