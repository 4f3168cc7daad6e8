"""A gateway with in-memory doubles of what it writes to, a real index of two tenants, and a way to call it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from automation.envelope import Envelope, Key, Recorded
from automation.items import changes as c
from automation.items.parts import ProductRow
from automation.payments.changes import RegisterOrder
from automation.payments.events import PaymentDocumentCreated, PaymentDocumentPaid
from automation.payments.ids import payment_id
from automation.records import fold as item_fold
from automation.records.types.chat.changes import CreateChat, PostChatMessage
from automation.values import Money, Personal
from services.edge.clock import SetClock
from services.edge.codec import Signer, item_changes, item_events, payment_changes, payment_events
from services.edge.files import FileLinks, open_files
from services.edge.secrets_file import ConnectionSecrets
from services.edge.sql import open_database
from services.edge.tracked_links import TrackedLinks
from services.gateway.app import create_app
from services.gateway.batches import Batches
from services.gateway.doubles import FixedViews, MemoryOutbox, MemoryShelf
from services.gateway.enrolments import Enrolments
from services.gateway.idempotency import Answers
from services.gateway.keys import ROLES, SqlKeys, new_key
from services.gateway.limits import Limiter, Rate
from services.gateway.messaging import Messaging
from services.gateway.ports import Ports
from services.gateway.store import open_store
from services.history.opening import open_history
from services.history.queries import History
from services.history.records import LogRecord, log_record
from services.notifier.inbox import Inbox, Notification
from services.notifier.receipts import Receipts
from services.notifier.recording import recorded_messages
from services.notifier.sent import SentMessages
from services.notifier.tables import ALL
from services.payment_tracker.links import PaymentPages
from services.payment_tracker.provider import load_providers
from services.payment_tracker.webhook_secrets import WebhookSecrets
from tests.core.payments.conftest import Payable
from tests.core.record_spec import RecordStory
from tests.core.spec import CATALOGUE, PEOPLE, Story, kind_of, pipeline
from tests.files_world import local_settings

NOW = 1_700_000_000_000
TENANTS = ("acme", "other")
CANARY = {"acme": "canary of acme", "other": "canary of other"}
TOKEN = {"acme": "A" * 32, "other": "B" * 32}
SECRET = "a secret of thirty-two characters"
HOOK = SECRET.replace(" ", "-")
EUR_100 = Money(10_000, "EUR")
RECORDED = """INSERT INTO recorded_messages
    (tenant, effect_id, channel, item_key, recipient, sender, subject, text, created_at)
    VALUES (:tenant, 'm1', 'client_email', 'k', 'r', 's', :text, :text, 1)"""


def payment_of(tenant: str) -> str:
    """Return the id of the payment document of a tenant's deal."""
    return payment_id(Key(tenant, "deal", f"{tenant}-1"), "e1", 1)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a problem document."""
        return str(self.json["type"]).rpartition("/")[2]

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Path and rule of each error of a problem document."""
        return [(found["path"], found["rule"]) for found in self.json["errors"]]


@dataclass
class World:
    """The gateway under test; `received` counts the bytes of bodies that it asked for."""

    app: FastAPI
    ports: Ports
    outbox: MemoryOutbox
    shelf: MemoryShelf
    clock: SetClock
    keys: Mapping[str, str]
    received: int = field(default=0)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = "acme",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request; `key` names one of `keys`, a body that is not bytes goes as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", "content-length": str(len(raw))}
        if key is not None:
            sent["authorization"] = f"Bearer {self.keys.get(key, key)}"
        pairs = [(name.lower(), value) for name, value in {**sent, **(headers or {})}.items()]
        return await self.send(method, path, [(n.encode(), v.encode("latin-1")) for n, v in pairs if v], raw)

    async def send(self, method: str, path: str, headers: list[tuple[bytes, bytes]], raw: bytes) -> Reply:
        """Send a request with exactly these headers."""
        target, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": target, "raw_path": target.encode(), "query_string": query.encode(), "root_path": "",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        sent: list[Any] = []

        asked = 0

        async def receive() -> Any:
            nonlocal asked
            asked += 1
            if asked > 1:
                await asyncio.Event().wait()  # the caller stays
            self.received += len(raw)
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = sent[0]
        shown = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Reply(start["status"], shown, b"".join(found.get("body", b"") for found in sent[1:]))

    def with_ports(self, **changed: Any) -> World:
        """Return a world that differs in some ports."""
        ports = replace(self.ports, **changed)
        return World(create_app(ports), ports, self.outbox, self.shelf, self.clock, self.keys)


def define(book: Book, tenant: str) -> None:
    """Define the pipeline and the people of the payment scenario for a tenant."""
    for made in (pipeline(), *PEOPLE):
        kind, name = kind_of(made), getattr(made, "id", "")
        body = made.model_dump_json()
        book.apply(DefinitionSaved(tenant, kind, name, 1, 0, "ann", 0, name, True, False, body), book.version)


def history_of(book: Book, path: Path) -> History:
    """Return an index with one deal of each tenant, whose texts hold the tenant's canary."""
    store, codec, payments = open_history(f"sqlite:///{path}/h.db"), item_events(), payment_events()
    for tenant in TENANTS:
        found = [*_deal(book, tenant), *_chat(book, tenant), *_human_task(book, tenant)]
        store.write([_logged(codec, one) for one in found], {f"crm.events-{tenant}": 100})
        orders, context = _order(tenant), f"crm.payment-events-{tenant}"
        logged = [log_record("payment", one, payments.encode(one), context, one.envelope.version) for one in orders]
        store.write(logged, {context: 100})
    return History(store, codec.decode, item_fold, payments.decode)


def _order(tenant: str) -> list[Recorded]:
    """Return the log of a half-paid order that is linked to the tenant's deal; its texts hold the canary."""
    payable, item = Payable(f"{tenant}/order/{tenant}-1"), f"{tenant}/deal/{tenant}-1"
    rows = (ProductRow("p1", CANARY[tenant], 1_000, EUR_100),)
    payable.given(RegisterOrder(EUR_100, (item,), rows), payable.ask("e1", item=item))
    payable.given(payable.by_hand("paid"))
    return payable.given(RegisterOrder(Money(25_000, "EUR"), (), rows), payable.ask("e2", item=item)).log


def _deal(book: Book, tenant: str) -> list[Recorded]:
    story = Story(book, Key(tenant, "deal", f"{tenant}-1"))
    found: list[Recorded] = []
    fields = {"title": CANARY[tenant], "email_work": f"{tenant}@home.test", "amount": EUR_100}
    for change in (
        c.CreateItem(fields, responsible="ann"),
        c.AddComment(Personal(CANARY[tenant])),
        c.SaveItem({"comments": CANARY[tenant]}, stage="assembly"),
    ):
        found += story.when(change).last.events
        story.now += 1_000
    return found


def _chat(book: Book, tenant: str) -> list[Recorded]:
    """Return a chat of the tenant with one message; its texts hold the tenant's canary."""
    story = RecordStory(book, Key(tenant, "chat", f"{tenant}-1"))
    made = story.when(CreateChat("private", ("boss",), Personal(CANARY[tenant]))).last.events
    return made + story.when(PostChatMessage(Personal(CANARY[tenant]))).last.events


def _human_task(book: Book, tenant: str) -> list[Recorded]:
    """Return a request for information of the tenant's deal to two employees; its texts hold the tenant's canary."""
    story = RecordStory(book, Key(tenant, "human_task", f"{tenant}-1"))
    form = '[{"code": "budget", "type": "money", "required": true}, {"code": "days", "type": "int"}]'
    asked: dict[str, Any] = {
        "kind": "information", "title": Personal(CANARY[tenant]), "text": CANARY[tenant], "policy": "any",
        "assignees": ("ann", "boss"), "form": form, "item": f"deal/{tenant}-1", "asked_by": "ann",
    }  # fmt: skip
    return story.ask("ask_people", **asked).last.events


def _logged(codec: Any, recorded: Recorded) -> LogRecord:
    env = recorded.envelope
    return log_record("item", recorded, codec.encode(recorded), f"crm.events-{env.tenant}", env.version)


def pages_of() -> PaymentPages:
    """Return the page of one unpaid payment document of each tenant."""
    pages = PaymentPages()
    for tenant in TENANTS:
        key = Key(tenant, "deal", f"{tenant}-1")
        event = PaymentDocumentCreated(
            payment_of(tenant), key.text, "e1", EUR_100, (), Personal(f"<b>{CANARY[tenant]}</b>"),
            f"https://pay.test/{TOKEN[tenant]}",
        )  # fmt: skip
        pages.apply(Recorded(_envelope(key, 1), event))
    return pages


def pay(pages: PaymentPages, tenant: str) -> None:
    """Let a tenant's payment document be paid."""
    key = Key(tenant, "deal", f"{tenant}-1")
    pages.apply(Recorded(_envelope(key, 2), PaymentDocumentPaid(payment_of(tenant), EUR_100, "manual", "", NOW)))


def _envelope(key: Key, version: int) -> Envelope:
    return Envelope(
        f"e{version}", *key, version, NOW, NOW, "system", "", "app", "c", "r", 0, f"c{version}", 0, "test"
    )  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Yield a gateway of its own for each test."""
    with gateway_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield one gateway for all tests of a module: for requests that must change nothing."""
    with gateway_in(tmp_path_factory.mktemp("gateway")) as made:
        yield made.with_ports(strangers=Limiter(Rate(10_000, 10_000)))


@contextmanager
def gateway_in(tmp_path: Path) -> Iterator[World]:
    """Make a gateway with two tenants that have the same things."""
    clock, book = SetClock(NOW), Book(CATALOGUE)
    for tenant in TENANTS:
        define(book, tenant)
    database, notifier = open_store(f"sqlite:///{tmp_path}/g.db"), open_database(f"sqlite:///{tmp_path}/n.db")
    notifier.create(ALL)
    signer = Signer([SECRET.encode()])
    outbox, shelf = MemoryOutbox(item_changes(signer), payment_changes(signer)), MemoryShelf(book)
    history, inbox, store = history_of(book, tmp_path), Inbox(notifier), SqlKeys(database, clock)
    _fill(inbox, notifier)
    ports = Ports(
        clock=clock, outbox=outbox, shelf=shelf, catalogue=CATALOGUE, history=lambda: history, inbox=lambda: inbox,
        messages=lambda tenant, most: recorded_messages(notifier, tenant, most), pages=pages_of(),
        views=FixedViews({(tenant, "stages"): {"rows": [CANARY[tenant]]} for tenant in TENANTS}),
        answers=Answers(database, clock), enrolments=Enrolments(database, clock),
        batches=Batches(database, clock), keys=store,
        tenants=Limiter(Rate(1_000, 1_000)),
        strangers=Limiter(Rate(100, 100)), secrets=secrets_of(), providers=load_providers(), simulated=True,
        files=open_files(local_settings(tmp_path / "files")), file_links=FileLinks([SECRET.encode()]),
        file_link_ms=3_600_000, messaging=messaging_of(notifier),
    )  # fmt: skip
    yield World(create_app(ports), ports, outbox, shelf, clock, _keys(store))
    database.close()
    notifier.close()


def messaging_of(notifier: Any) -> Messaging:
    """Return what the routes about messages work with; each tenant has a secret `sms`."""
    links = TrackedLinks("https://crm.test", [SECRET.encode()])
    secrets = ConnectionSecrets({key: {"sms": SecretStr(SECRET), "hook": SecretStr(HOOK)} for key in TENANTS})
    sent, receipts = SentMessages(notifier), Receipts(notifier)
    return Messaging(links, secrets, lambda: sent, lambda: receipts, item_events(), "https://crm.test")


def secrets_of() -> WebhookSecrets:
    """Return the webhook secrets of both tenants."""
    each = {"simulated": (SecretStr(SECRET),), "generic": (SecretStr(SECRET),)}
    return WebhookSecrets(dict.fromkeys(TENANTS, each))


def _fill(inbox: Inbox, notifier: Any) -> None:
    for tenant in TENANTS:
        inbox.put(tenant, Notification("n1", "ann", "boss", CANARY[tenant], "/x", "k", 1, 0))
        with notifier.transaction() as transaction:
            transaction.run(RECORDED, {"tenant": tenant, "text": CANARY[tenant]})


def _keys(store: SqlKeys) -> dict[str, str]:
    made = {tenant: (tenant, ROLES) for tenant in TENANTS} | {f"acme {role}": ("acme", (role,)) for role in ROLES}
    found = {}
    for name, (tenant, roles) in made.items():
        found[name] = new_key()
        store.add(found[name], tenant, name, roles)
    return found
