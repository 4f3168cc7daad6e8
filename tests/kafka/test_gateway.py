"""The gateway on a real broker: what is taken is in Kafka, in order and on the right partition, before the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from automation.envelope import Envelope, Key, Recorded
from automation.items import changes as c
from automation.items.changes import ChangeFrame
from automation.payments.changes import ProviderNotice
from automation.payments.events import PaymentDocumentCreated
from automation.values import Personal
from services.edge import topic_check
from services.edge.broker import reset_broker, start_broker, stop_broker
from services.edge.codec import Signer, item_changes, payment_changes, payment_events
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.topics import Topics, partition_for
from services.gateway.bootstrap import Deployment, Gateway, gateway
from services.gateway.keys import ROLES, SqlKeys
from services.gateway.sending import SEND_SECONDS, KafkaOutbox, Letter
from services.gateway.server import Server, config_of, listener_of, serve
from services.gateway.settings import GatewaySettings
from services.history.settings import HistorySettings
from services.notifier.settings import NotifierSettings, SigningSettings
from tests.conftest import with_admin
from tests.files_world import local_settings
from tests.gateway_world import EUR_100, SECRET, TOKEN, payment_of

pytestmark = pytest.mark.kafka

KEY = "sw_a-key-for-tests"
SECRETS = json.dumps({"acme": {"simulated": [SECRET]}})
STAGES = [{"id": "new", "title": "New"}, {"id": "won", "title": "Won", "kind": "final_success"}]
PIPELINE = {"id": "main", "item_type": "deal", "title": "Main", "stages": STAGES, "default": True}
RATES = [{"base": "EUR", "rates": {"USD": rate}} for rate in ("0.9", "0.8")]
SIGNER = Signer([SECRET.encode()])


@pytest.fixture(autouse=True)
def _patient_editors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors have time: on a busy machine two of them may fence each other for long."""
    monkeypatch.setattr("services.gateway.shelf.SAVE_SECONDS", 120.0)
    monkeypatch.setattr("services.gateway.shelf._TRIES", 100)


def _deployment(kafka: KafkaSettings, topics: Topics, home: Path, name: str) -> Deployment:
    secrets = home / "secrets.json"
    secrets.write_text(SECRETS)
    settings = GatewaySettings(
        port=0, health_port=0, database_url=SecretStr(f"sqlite:///{home}/g.db"), webhook_secrets_file=secrets,
        simulated=True, instance_id=name,
    )  # fmt: skip
    databases = (
        HistorySettings(database_url=SecretStr(f"sqlite:///{home}/h.db")),
        NotifierSettings(database_url=SecretStr(f"sqlite:///{home}/n.db")),
        local_settings(home / "files"),
    )
    return Deployment(settings, kafka, topics, SigningSettings(signing_secrets=SecretStr(SECRET)), *databases)


@asynccontextmanager
async def _serving(deployment: Deployment) -> AsyncIterator[tuple[Gateway, aiohttp.ClientSession]]:
    """Run a gateway as its process does, and a session that has its address and a key of acme."""
    async with gateway(deployment, CollectorRegistry()) as service:
        keys = service.app.state.ports.keys
        assert isinstance(keys, SqlKeys)
        keys.add(KEY, "acme", "test", ROLES)
        server, listener = Server(config_of(service, deployment.settings)), listener_of(deployment.settings)
        running = asyncio.create_task(serve(server, service, listener))
        headers = {"Authorization": f"Bearer {KEY}"}
        try:
            async with aiohttp.ClientSession(
                f"http://127.0.0.1:{listener.getsockname()[1]}", headers=headers
            ) as session:
                yield service, session
        finally:
            server.stop()
            await running


async def _read(kafka: KafkaSettings, topic: str, count: int = 0) -> list[Any]:
    """Return so many records of a topic, or all that it holds now."""
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    try:
        await reader._client._wait_on_metadata(topic)
        parts = [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic))]
        reader.assign(parts)
        await reader.seek_to_beginning(*parts)
        count = count or sum((await reader.end_offsets(parts)).values())
        found: list[Any] = []
        async with asyncio.timeout(60):
            while len(found) < count:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    found += records
        return found
    finally:
        await reader.stop()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - it happens in a broker
            await asyncio.sleep(0.02)


async def test_definitions_changes_and_payments_go_through_kafka(kafka, topics, tmp_path):
    """Definitions are in force when saved, changes lie on their partition, a simulated payment is signed."""
    async with _serving(_deployment(kafka, topics, tmp_path, "one")) as (service, session):
        await _until(lambda: not service.why_not_ready())
        save = {"definitions": [{"kind": "pipeline", "id": "main", "expected": 0, "body": PIPELINE}]}
        async with session.put("/v1/definitions", json=save) as reply:
            assert reply.status == 200, await reply.text()
            version = (await reply.json())["version"]
        changes = [_addressed(n, kind) for n in range(50) for kind in ("create", "comment")]
        async with session.post("/v1/changes", json={"changes": changes}) as reply:
            assert reply.status == 202, await reply.text()
        await _check_changes(kafka, topics, version)
        await _pay(kafka, topics, service, session)
        async with session.get("/v1/items/deal/1") as reply:
            assert reply.status == 503, "there is no index in this test"


def _addressed(number: int, kind: str) -> dict[str, Any]:
    change = {"kind": "create", "stage": "new"} if kind == "create" else {"kind": "comment", "text": str(number)}
    return {"item_type": "deal", "item_id": str(number), "change": change}


async def _check_changes(kafka: KafkaSettings, topics: Topics, version: int) -> None:
    codec, kinds = item_changes(), {}
    for record in await _read(kafka, topics.changes, 100):
        frame, change = codec.decode(record.value)
        assert record.key == frame.key.text.encode()
        assert record.partition == partition_for(record.key, topics.partitions)
        assert frame.definitions_version == version
        kinds.setdefault(record.key, []).append(type(change))
    assert len(kinds) == 50
    assert all(found == [c.CreateItem, c.AddComment] for found in kinds.values())


async def _pay(kafka: KafkaSettings, topics: Topics, service: Gateway, session: aiohttp.ClientSession) -> None:
    """Let a payment link appear in the log, open its page and pay."""
    key = Key("acme", "deal", "acme-1")
    link = f"https://pay.test/{TOKEN['acme']}"
    made = PaymentDocumentCreated(payment_of("acme"), key.text, "e1", EUR_100, (), Personal("Desk"), link)
    envelope = Envelope("e1", *key, 1, 1, 1, "system", "", "app", "c", "r", 0, "c1", 0, "test")
    sender = producer(kafka)
    await sender.start()
    value = payment_events().encode(Recorded(envelope, made))
    await sender.send_and_wait(topics.payment_events, value, key.text.encode())
    await sender.stop()
    await _until(lambda: service.app.state.ports.pages.lookup(TOKEN["acme"]) is not None)
    async with session.post(f"/pay/{TOKEN['acme']}", allow_redirects=False) as reply:
        assert reply.status == 303
    (record,) = await _read(kafka, topics.payments, 1)
    frame, notice = payment_changes(SIGNER).decode(record.value)
    assert (frame.key, type(notice), notice.status) == (key, ProviderNotice, "paid")


async def test_two_gateways_see_each_other_s_definitions_and_one_of_two_editors_wins(kafka, topics, tmp_path):
    """A save on one is followed by the other; of two saves of one version at once exactly one is taken."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    homes = [_deployment(kafka, topics, tmp_path / name, name) for name in ("a", "b")]
    async with _serving(homes[0]) as (_, one), _serving(homes[1]) as (_, two):
        saves = [{"definitions": [{"kind": "rates", "id": "rates", "expected": 0, "body": body}]} for body in RATES]
        async with asyncio.timeout(120):
            statuses = await asyncio.gather(*map(_saved, (one, two), saves))
        assert sorted(statuses) == [200, 409]
        winner = statuses.index(200)
        for session in (one, two):
            await _until_rates(session, RATES[winner])


async def _saved(session: aiohttp.ClientSession, save: dict[str, Any]) -> int:
    """Save until the answer is certain: Kafka answers a commit that meets another editor's fence with "unknown"."""
    while True:
        async with session.put("/v1/definitions", json=save) as reply:
            if reply.status != 503:
                return reply.status


async def _until_rates(session: aiohttp.ClientSession, wanted: dict[str, Any]) -> None:
    async with asyncio.timeout(60):
        while True:
            async with session.get("/v1/definitions?kind=rates") as reply:
                found = (await reply.json())["definitions"]
            if found and found[0]["body"] == wanted:
                return
            await asyncio.sleep(0.05)


async def test_when_the_broker_goes_changes_are_refused_quickly_and_taken_again_after_it_returns(tmp_path, monkeypatch):
    """Unconfirmed sends end in time, those after them never go out, memory stays bounded; later sends are taken."""
    home = tmp_path / "home"
    running = start_broker(home)
    kafka = KafkaSettings(bootstrap_servers=running.bootstrap)
    with_admin(kafka, lambda client: topic_check.apply(client, Topics().declared()))
    sender = producer(kafka)
    await sender.start()
    outbox = KafkaOutbox(sender, Topics(), item_changes(), payment_changes(), send_seconds=60.0)
    try:
        assert await outbox.send([_letter(1)]) == ["taken"]
        stop_broker(home)
        with monkeypatch.context() as patched:
            patched.setattr("services.gateway.sending.PAUSE_SECONDS", 600.0)
            outbox._send_seconds = 1.0
            assert await outbox.send([_letter(2)]) == ["unavailable"]
        assert not outbox.open
        waiting = await asyncio.gather(*(outbox.send([_letter(n)]) for n in range(3, 1_000)))
        assert all(fates == ["unavailable"] for fates in waiting)
        assert outbox._bytes == 0
        outbox._closed_until, outbox._send_seconds = 0.0, SEND_SECONDS
        start_broker(home, int(running.bootstrap.rpartition(":")[2]))
        async with asyncio.timeout(90):
            while await outbox.send([_letter(1_000)]) != ["taken"]:  # noqa: ASYNC110 - it happens in a broker
                await asyncio.sleep(0.2)
        arrived = {item_changes().decode(record.value)[0] for record in await _read(kafka, Topics().changes)}
        assert arrived <= {_letter(n).frame for n in (1, 2, 1_000)}
    finally:
        await sender.stop()
        reset_broker(home)


def _letter(number: int) -> Letter:
    frame = ChangeFrame(f"{number:032x}", "acme", "deal", "1", 1, "rest_api", "", 0, "", "", 0, 0, b"")
    return Letter("items", frame, c.AddComment(Personal("x" * 1_000)))
