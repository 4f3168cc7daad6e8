"""The services on three brokers with closed doors, each as its own user with the rights of `deploy/k8s` and no more.

TLS, SCRAM-SHA-512 and ACLs as in the manifests; three replicas, two of which have to answer; brokers are killed.
"""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from automation.values import Money
from services.cli.stack.lifting import readiness
from services.cli.stack.place import (
    SERVICES,
    Unit,
    choose_ports,
    environment,
    gateway_url,
    log_file,
    make_secrets,
    units,
)
from services.cli.stack.supervisor import command
from services.edge.kafka import KafkaSettings, producer
from tests.acls import USERS, grant, rights
from tests.certificates import Authority
from tests.cluster import OPERATOR, Cluster, Locked, cluster
from tests.e2e.company import EXAMPLES, Company, Item, Reply, eventually

pytestmark = pytest.mark.kafka

ROOT = EXAMPLES.parents[1]
_TRIES = 60


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster, with the users and rights of the manifests."""
    home = tmp_path_factory.mktemp("locked")
    authority = Authority(home)
    authority.server("localhost")
    users = {one.user for one in rights()}
    assert users == {service.replace("_", "-") for service in SERVICES}, USERS
    passwords = {user: secrets.token_hex(16) for user in (OPERATOR, *users)}
    locked = Locked(authority.certificate, home / "localhost.pem", passwords)
    with cluster(home, 3, locked) as made:
        asyncio.run(grant(made.settings(), *rights()))
        yield made


class Installed(Company):
    """Every service as its own user; the command line is the operator."""

    def __init__(self, home: Path, brokers: Cluster) -> None:
        super().__init__(home, brokers.bootstrap)
        self.prefix = ""
        del self._env["STAGEWIRE_TOPIC_PREFIX"]
        self._brokers = brokers
        self._env |= self._as(OPERATOR)
        self._running: dict[Unit, subprocess.Popen[bytes]] = {}

    def _as(self, user: str) -> Mapping[str, str]:
        assert self._brokers.locked is not None
        file = self.home / f"{user}.password"
        file.write_text(self._brokers.locked.passwords[user])
        return {
            "KAFKA_SASL_USERNAME": user, "KAFKA_SASL_PASSWORD_FILE": str(file),
            "KAFKA_SSL_CAFILE": str(self._brokers.locked.authority),
        }  # fmt: skip

    def open(self) -> None:
        """Make the topics as the operator, start the services, apply the company's definitions."""
        self.shell("topics", "apply")
        make_secrets(self.home)
        choose_ports(self.home, units(1))
        (self.home / "logs").mkdir()
        for unit in units(1):
            self._running[unit] = self._start(unit)
        self._address = gateway_url(self.home)
        eventually(lambda: not any(readiness(self.home, unit.name) for unit in self._running))
        self.define("apply", str(EXAMPLES))

    def _start(self, unit: Unit) -> subprocess.Popen[bytes]:
        told = environment(self.home, unit) | self._env | self._as(unit.service.replace("_", "-"))
        with log_file(self.home, unit.name).open("ab") as log:
            return subprocess.Popen(
                command(unit.service), env=told, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _supervise(self) -> None:
        """Start anew what has ended: a worker that is in doubt of a commit does."""
        for unit, process in self._running.items():
            if process.poll() is not None:
                self._running[unit] = self._start(unit)

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request, and the same one again while Kafka looks for a new leader, as its answer asks for."""
        sent = {"Idempotency-Key": uuid.uuid4().hex, **(headers or {})}
        for _ in range(_TRIES):
            self._supervise()
            reply = super().call(method, path, body, sent)
            if reply.status != 503:
                return reply
            time.sleep(int(reply.headers["retry-after"]))
        raise AssertionError(reply)

    def logs(self) -> Mapping[str, str]:
        """Return what each service has logged."""
        return {unit.name: log_file(self.home, unit.name).read_text() for unit in units(1)}

    def stopped(self) -> list[int]:
        """Ask all services to end, and return their exit codes."""
        for one in self._running.values():
            one.terminate()
        return [one.wait(30) for one in self._running.values()]


@pytest.fixture(scope="module")
def installed(brokers: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Stagewire on that cluster."""
    made = Installed(tmp_path_factory.mktemp("installed"), brokers)
    try:
        made.open()
        yield made
    finally:
        codes = made.stopped()
    assert codes == [0] * len(codes)


def _paid(company: Company) -> Item:
    deal = Item(company, "deal", Money(2_000_000, "EUR"), email_work="client@home.test").create()
    deal.save(stage="invoice_sent")
    assert deal.ending("link-mail") == ("completed", "")
    assert company.press_pay(deal.link()["payment_link"]).status == 303
    deal.reach("assembly")
    eventually(deal.alerts)
    return deal


def test_the_payment_scenario_runs_with_the_rights_of_the_manifests(installed: Installed) -> None:
    """Link, mail, payment, move, alert and the live views; no service asked for what it may not do."""
    deal = _paid(installed)

    assert deal.firings() == [("paid-online", "moved", "")]
    assert [one["item_key"] for one in installed.mails(deal)] == [f"acme/{deal.path}"]
    eventually(lambda: installed.call("GET", "/v1/views/stages?item_type=deal").status == 200)
    denied = {name: text for name, text in installed.logs().items() if "uthorization" in text}
    assert denied == {}


def test_a_broker_is_killed_and_nothing_is_lost_nor_doubled(installed: Installed, brokers: Cluster) -> None:
    """Two of three go on; those who had it as leader or coordinator find the new one."""
    for node in brokers.nodes:
        node.kill()
        deal = _paid(installed)
        brokers.start()
        assert deal.firings() == [("paid-online", "moved", "")]
        assert len(installed.mails(deal)) == len(deal.alerts()) == 1


async def _write(settings: KafkaSettings, topic: str) -> None:
    async with producer(settings) as sender:
        await sender.send_and_wait(topic, b"x", b"x")


async def test_nobody_gets_in_without_a_password_and_nobody_does_more_than_the_own_work(brokers: Cluster) -> None:
    """A notifier that was taken over writes no events, and the gateway no effects."""
    wrong = brokers.settings("notifier").model_copy(update={"sasl_username": "gateway"})
    for settings in (KafkaSettings(bootstrap_servers=brokers.bootstrap), wrong):
        with pytest.raises(KafkaError):
            async with asyncio.timeout(60), producer(settings):
                pass
    for user, topic in (("notifier", "crm.events"), ("gateway", "crm.effects"), ("live-views", "crm.changes")):
        with pytest.raises(TopicAuthorizationFailedError):
            await _write(brokers.settings(user), topic)


async def test_a_broker_that_hangs_does_not_hold_up_who_wants_to_end(brokers: Cluster) -> None:
    """It never answers the farewell of TLS, for which asyncio waits half a minute; a worker has 25 s in all."""
    sender = producer(brokers.settings())
    await sender.start()
    for node in brokers.nodes:
        assert await sender.client.ready(node.number + 1)
    brokers.nodes[-1].pause()
    try:
        async with asyncio.timeout(20):
            await sender.stop()
    finally:
        brokers.nodes[-1].resume()
