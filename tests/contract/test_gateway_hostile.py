"""Whatever is sent, the answer is a problem document of the kind expected, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.gateway.limits import Limiter, Rate
from tests.gateway_world import NOW, TOKEN, World, untouched, world

__all__ = ["untouched", "world"]

FIXTURES = Path(__file__).parents[1] / "fixtures" / "http"
BODIES = json.loads((FIXTURES / "bodies.json").read_text())
REQUESTS = json.loads((FIXTURES / "requests.json").read_text())
CHANGES = "/v1/items/deal/7/changes"


def _body(case: dict[str, Any]) -> bytes:
    if "text" in case:
        return str(case["text"]).encode()
    inner = case["repeat"] * case["times"] + case.get("repeat_after", "") * case["times"]
    return str(case["before"] + inner + case["after"]).encode()


def _filled(text: str, key: str) -> str:
    """Return a text with KEY replaced and `x*N` at its end written out as N times x."""
    start, star, count = text.rpartition("*")
    text = start + "x" * int(count) if star and count.isdigit() else text
    return text.replace("KEY", key)


@pytest.mark.parametrize("case", BODIES, ids=[case["name"] for case in BODIES])
async def test_a_hostile_body_is_refused_by_its_rule(untouched: World, case):
    """Each body of the file has its status and code."""
    reply = await untouched.call("POST", CHANGES, _body(case))
    assert (reply.status, reply.code) == (case["status"], case["code"])
    assert not untouched.outbox.letters


@pytest.mark.parametrize("case", REQUESTS, ids=[case["name"] for case in REQUESTS])
async def test_a_hostile_request_is_answered_by_its_rule(untouched: World, case):
    """Keys, paths, queries and headers of the file: each has its status, errors are problem documents."""
    key = untouched.keys["acme"]
    given = case.get("authorization", ["Bearer KEY"])
    pairs = [(b"authorization", _filled(one, key).encode("latin-1")) for one in given]
    headers = {"content-type": "application/json", **case.get("headers", {})}
    pairs += [(name.encode(), _filled(value, key).encode()) for name, value in headers.items()]
    reply = await untouched.send(case.get("method", "GET"), _filled(case["path"], key), pairs, b"{}")
    assert reply.status == case["status"]
    if reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json["status"] == reply.status
    assert not untouched.outbox.letters


async def test_a_body_that_lies_about_its_length_is_cut_off(world: World):
    """What arrives is counted, whatever Content-Length said."""
    body = b'{"kind":"comment","text":"' + b"x" * 300_000 + b'"}'
    reply = await world.call("POST", CHANGES, body, headers={"content-length": "10"})
    assert reply.status == 413


async def test_without_a_key_not_a_byte_of_the_body_is_read(world: World):
    """Authentication and the role come before the body."""
    body = b"x" * 10_000_000
    assert (await world.call("POST", CHANGES, body, key=None)).status == 401
    assert (await world.call("POST", CHANGES, b"{", key="acme read")).status == 403
    assert world.received == 0


async def test_a_tenant_above_its_rate_waits_and_others_do_not(world: World):
    """Tokens run out for one tenant, with Retry-After; the other's stay; time refills them; batches count each."""
    slow = world.with_ports(tenants=Limiter(Rate(10, 20)))
    replies = [await slow.call("GET", "/v1/messages") for _ in range(21)]
    assert [reply.status for reply in replies[-2:]] == [200, 429]
    assert replies[-1].headers["retry-after"] == "1"
    assert (await slow.call("GET", "/v1/messages", key="other")).status == 200
    world.clock.move_to(NOW + 1_000)
    batch = {"changes": [{}] * 12}
    assert (await slow.call("POST", "/v1/changes", batch)).status == 429
    assert (await slow.call("POST", "/v1/changes", {"changes": [{}] * 5})).status == 207


async def test_a_flood_of_wrong_signatures_is_turned_away_before_it_is_computed(world: World):
    """A webhook has a bucket of its own: floods on one leave tenants, pages and other webhooks alone."""
    path = "/v1/webhooks/payments/acme/generic"
    statuses = [(await world.call("POST", path, b"{}", None)).status for _ in range(150)]
    assert (statuses.count(401), statuses.count(429)) == (100, 50)
    assert (await world.call("POST", "/v1/webhooks/payments/other/generic", b"{}", None)).status == 401
    assert (await world.call("GET", f"/pay/{TOKEN['acme']}", key=None)).status == 200
    assert (await world.call("GET", "/v1/messages")).status == 200


def test_buckets_are_limited_in_number():
    """Made-up names cost a fixed amount of memory."""
    limiter = Limiter(Rate(1, 1))
    for number in range(20_000):
        limiter.take(str(number), NOW)
    assert len(limiter._buckets) <= 10_000


async def test_a_revoked_key_ends_within_half_a_minute(world: World):
    """A known key is believed for 30 s; then it is looked up again."""
    assert (await world.call("GET", "/v1/messages", key="acme read")).status == 200
    assert world.ports.keys.revoke("acme", "acme read") == 1
    world.clock.move_to(NOW + 30_000)
    assert (await world.call("GET", "/v1/messages", key="acme read")).status == 401


async def test_a_bug_is_answered_without_its_text(world: World):
    """An unexpected exception is 500 with a fixed text; its message stays in the log."""

    class Broken:
        async def send(self, letters):
            raise RuntimeError("secret in a message")

    broken = world.with_ports(outbox=Broken())
    with (
        capture_logs() as logged,
        pytest.raises(RuntimeError),
    ):  # the server's outermost layer logs it; the answer has gone out before
        await broken.call("POST", CHANGES, {"kind": "delete"})
    assert [(entry["event"], entry["error"]) for entry in logged] == [("gateway_bug", "RuntimeError")]
