"""`python -m bench history`: how fast the index follows the log, from Kafka to the rows and the store alone.

PostgreSQL is measured where `STAGEWIRE_TEST_POSTGRES` names a server, `postgresql://user@host:port`, whose user may
create databases. `python -m bench.history --only sqlite` measures one thing.

The real process (`python -m services.history`) reads a log that was filled beforehand; live views can be put in its
place. Rates count from the first batch that was stored, so that a start is not part of them. CPU time per event is the
process's own, all its threads: neighbours on the machine disturb it less than they do events per second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import aiokafka
import psycopg

from automation.envelope import Envelope, Key, Recorded, event_id, stable_id
from automation.items import effects
from automation.items import events as e
from automation.values import Money, Personal, Value
from bench.broker import broker, create_topics, delete_topics
from bench.process import HARNESS_CORE, PEER_CORE, PeerFailedError, Running, pin
from bench.report import machine
from services.edge.codec import event_headers, item_events
from services.edge.kafka import KafkaSettings, producer
from services.edge.topics import Topics

SEED = 20_240
EVENTS_PER_ITEM = 12
BATCH = 5_000
POSTGRES = "STAGEWIRE_TEST_POSTGRES"
_LONGEST_S = 300
_EVERY_S = 0.02


class Measured(NamedTuple):
    """Events of a run, the seconds by the clock, and the seconds of CPU time."""

    events: int
    seconds: float
    cpu: float

    def line(self, name: str) -> str:
        """Return one row of the table."""
        by_clock, by_cpu = self.events / self.seconds, self.events / max(self.cpu, 1e-9)
        per_event = self.cpu / self.events * 1e6
        return f"{name:<28}{self.events:>9,}{by_clock:>12,.0f}{by_cpu:>14,.0f}{per_event:>14.1f}"


HEAD = f"{'':<28}{'events':>9}{'events/s':>12}{'per CPU second':>14}{'CPU us/event':>14}"


def log(n: int, seed: int = SEED) -> Iterator[Recorded]:
    """Return the first `n` events of deals in turns: a third saves, a sixth moves, the rest is automation's work."""
    dice, versions = random.Random(seed), dict[str, int]()
    for number in range(n):
        item = f"deal-{dice.randrange(max(1, n // EVENTS_PER_ITEM)):07d}"
        version = versions[item] = versions.get(item, 0) + 1
        key = Key("northwind-trading", "deal", item)
        change, at = stable_id("change", number), 1_700_000_000_000 + number
        frame = Envelope(
            event_id(key.text, version), *key, version, at, at, f"user:{number % 500}", "", "rest_api", change, change,
            0, change, 17, "0.1.0",
        )  # fmt: skip
        yield Recorded(frame, _event(dice, item, version))


def _event(dice: random.Random, item: str, version: int) -> Any:
    run, amount = stable_id("run", item, version), Money(dice.randrange(1_000_000), "EUR")
    if version == 1:
        fields: dict[str, Value] = {
            "title": f"Yearly supply contract {item}",
            "amount": amount,
            "contact": "A. Lindqvist",
        }
        return e.ItemCreated(fields, "sales", "new", "7", "7", (), automated=False)
    text = Personal("Please call the buyer back before the offer ends")
    made = (
        lambda: e.FieldsChanged((e.FieldChange("amount", Money(1, "EUR"), amount), e.FieldChange("note", "a", run))),
        lambda: e.StageMoved("new", dice.choice(("new", "contract", "won")), version, automated=False),
        lambda: e.RuleRunStarted(run, "tell-owner", 3, version, 1_700_000_900_000),
        lambda: e.RuleRunCompleted(run, "tell-owner", 3, version, {}),
        lambda: effects.NotificationRequested(run, run, "7", "7", text, ""),
        lambda: e.EffectAnswered(run, run, "completed", "", {}, 1),
    )
    return dice.choices(made, (2, 1, 1, 1, 0.5, 0.5))[0]()


async def fill(kafka: KafkaSettings, topics: Topics, n: int) -> None:
    """Write the log as the engine does: keyed by item, with its headers, in transactions."""
    codec = item_events()
    names = (topics.events, topics.payment_events, topics.dead_letters, topics.definitions, topics.definitions_view)
    await create_topics(str(kafka.bootstrap_servers), topics.partitions, *names[:3])
    await create_topics(str(kafka.bootstrap_servers), 1, *names[3:])
    to = producer(kafka, transactional_id=f"bench-{topics.prefix}")
    await to.start()
    try:
        given = list(log(n))
        for at in range(0, n, BATCH):
            async with to.transaction():
                for one in given[at : at + BATCH]:
                    key = one.envelope.key.text.encode()
                    await to.send(topics.events, codec.encode(one), key, headers=event_headers(one))
    finally:
        await to.stop()


@contextmanager
def service(name: str, kafka: KafkaSettings, env: Mapping[str, str]) -> Iterator[Running]:
    """Run a service on the peers' core until the block ends."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as home:
        told = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": str(kafka.bootstrap_servers), "STAGEWIRE_HOME": home, **env}
        out = Path(home) / "log"
        with out.open("wb") as to:
            process = subprocess.Popen(
                [sys.executable, "-m", f"services.{name}"],
                env=told,
                stdout=to,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: pin(PEER_CORE),  # noqa: PLW1509  # no threads in the harness
            )
        try:
            yield Running(name, process, out)
        finally:
            process.kill()
            process.wait()


def follow(running: Running, port: int, metric: str, wanted: int) -> Measured:
    """Watch a counter of the service from its first value above 0 until it has got to `wanted`."""
    first, began = (0, 0.0, 0.0), time.monotonic()
    while time.monotonic() - began < _LONGEST_S:
        running.must_live()
        seen = (_counted(port, metric), time.monotonic(), running.cpu_seconds())
        if not first[0]:
            first = seen
        if seen[0] >= wanted:
            return Measured(seen[0] - first[0], seen[1] - first[1], seen[2] - first[2])
        time.sleep(_EVERY_S)
    raise running.failed("did not come to the end of the log")


def _counted(port: int, metric: str) -> int:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        found = re.search(rf"^{metric} (\S+)", answer.read().decode(), re.MULTILINE)
        return int(float(found[1])) if found else 0
    return 0


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def whole(name: str, kafka: KafkaSettings, topics: Topics, n: int, url: str = "") -> Measured:
    """Measure a service from Kafka on; `url` is the index of history."""
    port = _free_port()
    env = {
        "STAGEWIRE_TOPIC_PREFIX": topics.prefix,
        "STAGEWIRE_PARTITIONS": str(topics.partitions),
        "STAGEWIRE_HISTORY_DATABASE_URL": url,
        "STAGEWIRE_HISTORY_HEALTH_PORT": str(port),
        "STAGEWIRE_LIVE_VIEWS_HEALTH_PORT": str(port),
        "STAGEWIRE_LIVE_VIEWS_PORT": "0",
    }
    metric = "stagewire_history_events_total" if name == "history" else "stagewire_live_views_handled"
    with service(name, kafka, env) as running:
        return follow(running, port, metric, n)


@contextmanager
def database(kind: str, server: str | None, home: str) -> Iterator[str]:
    """Yield the URL of an empty database that is dropped afterwards."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    if kind == "sqlite":
        yield f"sqlite:///{home}/{name}.db"
        return
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def store_alone(url: str, n: int) -> Measured:
    """Write events that were read before into an index, batch by batch."""
    from services.history.opening import open_history  # noqa: PLC0415  # what is measured, not the harness

    batches = _batches(n)
    with closing(open_history(url)) as store:
        began, cpu = time.monotonic(), time.process_time()
        for place, batch in enumerate(batches, 1):
            store.write(batch, {"crm.events-0": place * BATCH})
        return Measured(n, time.monotonic() - began, time.process_time() - cpu)


def _batches(n: int) -> list[list[Any]]:
    from services.history.heads import read_record, readers_of  # noqa: PLC0415

    codec, readers = item_events(), readers_of(Topics())
    found = [
        aiokafka.ConsumerRecord(
            "crm.events", 0, place, 0, 0, one.envelope.key.text.encode(), codec.encode(one), None, 0, 0, ()
        )
        for place, one in enumerate(log(n))
    ]
    read = [read_record(readers, record) for record in found]
    return [read[at : at + BATCH] for at in range(0, n, BATCH)]


def options() -> argparse.Namespace:
    """The command line of `python -m bench.history`."""
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--changes", type=int, default=100_000, help="how many events the log holds")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--bootstrap", help="a broker to use; default: one is started")
    parser.add_argument("--only", choices=("store", "sqlite", "postgresql", "live_views"), help="one row of the table")
    return parser.parse_args()


def rows(bootstrap: str, partitions: int, n: int, only: str | None) -> Iterator[str]:
    """Measure one thing after the other; each gets an index of its own."""
    kafka = KafkaSettings(bootstrap_servers=bootstrap)
    topics = Topics(f"bench-{uuid.uuid4().hex[:8]}.", partitions)
    asyncio.run(fill(kafka, topics, n))
    with tempfile.TemporaryDirectory(prefix="bench-history-") as home:
        server = os.environ.get(POSTGRES)
        for kind in ("sqlite", *(["postgresql"] if server else [])):
            if only in (None, kind):
                with database(kind, server, home) as url:
                    yield whole("history", kafka, topics, n, url).line(f"Kafka to {kind}")
            if only in (None, "store"):
                with database(kind, server, home) as url:
                    yield store_alone(url, n).line(f"{kind} alone")
    if only in (None, "live_views"):
        yield whole("live_views", kafka, topics, n).line("Kafka to live views")
    asyncio.run(delete_topics(bootstrap, topics.events))


def run(chosen: argparse.Namespace, only: str | None = None) -> str:
    """Return the table of a run: `changes`, `quick`, `partitions` and `bootstrap` of the command line count."""
    pin(HARNESS_CORE)
    n = 40_000 if getattr(chosen, "quick", False) else chosen.changes
    with broker(chosen.bootstrap) as bootstrap:
        try:
            found = list(rows(bootstrap, chosen.partitions, n, only))
        except PeerFailedError as why:
            found = [str(why)]
    without = [] if os.environ.get(POSTGRES) else [f"PostgreSQL is not measured: {POSTGRES} names no server"]
    return "\n".join([HEAD, *found, *without, f"load at the end: {os.getloadavg()[0]:.1f}"])


def main() -> None:
    """Print machine and table."""
    chosen = options()
    print("\n".join(f"{name}: {fact}" for name, fact in machine().items()))
    print(run(chosen, chosen.only))


if __name__ == "__main__":
    main()
