"""One notifier with doubles around it, for tests: effects as records, and lives that may be cut short."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry

from automation.envelope import Envelope, Key, Recorded, event_id
from automation.items.effects import ClientEmailRequested, NotificationRequested
from automation.items.message_effects import EmployeeEmailRequested
from automation.values import Personal
from services.edge.clock import SetClock
from services.edge.sql import Database, Params, Row, Transaction
from services.notifier.dispatch import Dispatcher, Limits
from services.notifier.doubles import MemoryCodec, MemoryProvider, MemoryRecords
from services.notifier.intake import Intake
from services.notifier.ledger import Ledger
from services.notifier.means import Means
from services.notifier.metrics import NotifierMetrics
from services.notifier.outcomes import Reporter
from services.notifier.ports import Incoming
from services.notifier.tables import ALL

KEY = Key("acme", "deal", "42")
LIMITS = Limits(concurrency=4, send_ms=1_000, lease_ms=5_000)
TOPIC = "crm.effects"


class SimulatedCrash(BaseException):
    """The process ended here."""


class Boundaries:
    """Counts the boundaries between the process and the world, and crashes at one of them."""

    def __init__(self, stop_at: int = 0) -> None:
        self.stop_at = stop_at
        self.reached: list[str] = []

    def __call__(self, name: str) -> None:
        """Pass a boundary, or end the process at it."""
        self.reached.append(name)
        if len(self.reached) == self.stop_at:
            raise SimulatedCrash(name)


class CrashingDatabase:
    """A database whose every transaction has a boundary before it, before its commit and after it."""

    def __init__(self, database: Database, boundary: Callable[[str], None]) -> None:
        self._database = database
        self._boundary = boundary
        self.dialect = database.dialect
        self.datastore = database.datastore
        self.create, self.position, self.close = database.create, database.position, database.close

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction."""
        self._boundary("before a transaction")
        with self._database.transaction() as transaction:
            yield transaction
            self._boundary("before a commit")
        self._boundary("after a commit")

    def read(self, statement: str, params: Params | None = None) -> list[Row]:
        """Run a query."""
        return self._database.read(statement, params or {})


def notification(effect_id: str, recipient: str = "user:7") -> NotificationRequested:
    """Return a request for a notification."""
    return NotificationRequested(effect_id, "run-1", recipient, "user:1", Personal("Hello"), "/deal/42")


def email(effect_id: str, **changed: Any) -> ClientEmailRequested:
    """Return a request for an e-mail to the client."""
    values = {
        "to": Personal("client@example.org"),
        "sender": "shop@example.com",
        "subject": Personal("Your order"),
        "text": Personal("Pay [url=https://pay.example.com/1]here[/url]"),
        "text_type": "bbcode",
        "track_clicks": False,
    }
    return ClientEmailRequested(effect_id, "run-1", **{**values, **changed})


def employee_email(effect_id: str, **changed: Any) -> EmployeeEmailRequested:
    """Return a request for an e-mail to an employee."""
    values = {
        "recipient": "ann",
        "to": Personal("ann@example.com"),
        "sender": "shop@example.com",
        "subject": Personal("A deal was won"),
        "text": Personal("Congratulations <you>"),
    }
    return EmployeeEmailRequested(effect_id, "run-1", **{**values, **changed})


def recorded(event: Any, version: int = 1, key: Key = KEY) -> Recorded:
    """Return an event with an envelope of its own."""
    ident = event_id(key.text, version)
    envelope = Envelope(ident, *key, version, 1, 1, "rule:1", "", "system", "cause", "root", 2, "", 1, "test")
    return Recorded(envelope, event)


def records_of(events: Sequence[Any]) -> tuple[list[Incoming], MemoryCodec]:
    """Return events as records of one partition, with the codec that reads them; `None` is an unreadable record."""
    known = {f"value-{n}".encode(): recorded(event, n + 1) for n, event in enumerate(events) if event is not None}
    found = [Incoming(TOPIC, 0, n, KEY.text.encode(), f"value-{n}".encode(), ()) for n in range(len(events))]
    return found, MemoryCodec(known)


class World:
    """Kafka, a provider and a database that outlive the processes working with them."""

    def __init__(self, database: Database, events: Sequence[Any], provider: MemoryProvider) -> None:
        database.create(ALL)
        self.database = database
        self.provider = provider
        self.log, self.codec = records_of(events)
        self.records = MemoryRecords()
        self.clock = SetClock(1_700_000_000_000)
        self._lives = itertools.count()

    def live(self, boundaries: Boundaries | None = None) -> None:
        """Run one process until all is quiet, or until it crashes (`SimulatedCrash`)."""
        boundary = boundaries or Boundaries()
        self.provider.boundary = self.records.boundary = boundary
        asyncio.run(self._life(CrashingDatabase(self.database, boundary)))

    async def _life(self, database: CrashingDatabase) -> None:
        metrics = NotifierMetrics(CollectorRegistry())
        means = Means(Ledger(database), self.codec, self.records, self.clock, metrics)
        intake = Intake(means, {"notification"})
        start = await intake.position(TOPIC, 0) or 0
        for at in range(start, len(self.log), 2):
            await intake.take(self.log[at : at + 2])
        owner = f"life-{next(self._lives)}"
        await Dispatcher("notification", self.provider, means, owner, LIMITS).drain()
        reporter = Reporter(means)
        while await reporter.turn():
            pass

    def settle_down(self) -> None:
        """Run processes, hours apart, until a life leaves nothing to do."""
        for _ in range(8):
            self.clock.move_to(self.clock.now() + 3_600_000)
            self.live()

    def outcomes(self) -> dict[str, set[tuple[str, str, str]]]:
        """Return what items learnt per effect: (change id, status, reason), repeats counted once."""
        sent = {output.value for output in self.records.outputs}
        found: dict[str, set[tuple[str, str, str]]] = {}
        for frame, outcome in self.codec.written:
            if frame.change_id.encode() in sent:
                found.setdefault(outcome.effect_id, set()).add((frame.change_id, outcome.status, outcome.reason))
        return found
