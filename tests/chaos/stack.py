"""The crew of the whole stack: two workers of each stream, notifier and history, and the loop of real payments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from aiokafka.admin import NewTopic

from services.edge.processor.dead_letters import read_dead_letter
from services.edge.topics import Topics
from tests.chaos.checker import Held, Verdict, compare, read_topics
from tests.chaos.effects import calls_file, judge, see, unfinished
from tests.chaos.index import judge_index
from tests.chaos.plan import Plan
from tests.chaos.providers import CALLS, calls_of
from tests.chaos.single import sender, stray, worker
from tests.chaos.subject import Place
from tests.chaos.world import Child, Crew, Group, options

DEAL, PAYMENT, COMPANY = "tests.chaos.deal", "tests.chaos.payment", "tests.chaos.company"
_SECRET = "chaos-chaos-chaos-chaos-chaos-32"


def stack(plan: Plan, home: Path, prefix: str, bootstrap: str) -> Crew:
    """Return the crew."""
    topics = Topics(prefix, plan.partitions)
    deal, payment, company = (Place(name, prefix, bootstrap, plan.partitions) for name in (DEAL, PAYMENT, COMPANY))
    seeds: Iterator[int] = iter(range(1, 1_000_000))
    deals = [worker(home, f"deal-{number}", deal, plan.mutant) for number in range(plan.workers)]
    trackers = [worker(home, f"payment-{number}", payment, plan.mutant) for number in range(plan.workers)]
    return Crew(
        topics=[_new(topic) for topic in topics.declared()],
        groups=[Group(deal, deals), Group(payment, trackers)],
        others=[*_notifiers(plan, home, topics, bootstrap), _history(home, topics, bootstrap)],
        senders=[
            sender(home, "sender", company, plan.rate, seeds),
            sender(home, "orders", payment, max(plan.rate // 15, 1), seeds),
            _payer(home, topics, bootstrap),
        ],
        strays=[stray(home, "stray", company, seeds), stray(home, "stray-orders", payment, seeds)],
        beside=lambda tree: worker(home, "other", deal, "none", tree),
        check=partial(_check, deal, payment, topics, home, _ledger(plan, home)),
    )


def _new(topic: object) -> NewTopic:
    name, partitions, config = topic  # type: ignore[misc]  # a declared Topic
    return NewTopic(name, partitions, 1, topic_configs=dict(config))


def _environment(topics: Topics, bootstrap: str) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "STAGEWIRE_TOPIC_PREFIX": topics.prefix,
        "STAGEWIRE_PARTITIONS": str(topics.partitions),
        "STAGEWIRE_SIGNING_SECRETS": _SECRET,
    }


def _notifiers(plan: Plan, home: Path, topics: Topics, bootstrap: str) -> Iterator[Child]:
    """Leases and calls are short, as a run is."""
    environment = _environment(topics, bootstrap) | {
        CALLS: str(calls_file(home)),
        "STAGEWIRE_NOTIFIER_DATABASE_URL": _ledger(plan, home),
        "STAGEWIRE_NOTIFIER_HEALTH_PORT": "0",
        "STAGEWIRE_NOTIFIER_SEND_SECONDS": "3",
        "STAGEWIRE_NOTIFIER_LEASE_SECONDS": "8",
    }
    for number in range(2 if plan.ledger else 1):
        name = f"notifier-{number}"
        own = environment | {"STAGEWIRE_NOTIFIER_INSTANCE_ID": name}
        yield Child(name, lambda: options("tests.chaos.providers", {}), home, own, session=10.0)


def _ledger(plan: Plan, home: Path) -> str:
    return plan.ledger or _url(home, "notifier")


def _history(home: Path, topics: Topics, bootstrap: str) -> Child:
    environment = _environment(topics, bootstrap) | {
        "STAGEWIRE_HISTORY_DATABASE_URL": _url(home, "history"),
        "STAGEWIRE_HISTORY_HEALTH_PORT": "0",
        "STAGEWIRE_HISTORY_INSTANCE_ID": "one",
    }
    return Child("history", lambda: options("services.history", {}), home, environment, session=10.0)


def _payer(home: Path, topics: Topics, bootstrap: str) -> Child:
    given = {
        "prefix": topics.prefix, "bootstrap": bootstrap, "partitions": topics.partitions, "place": home / "payer.json",
    }  # fmt: skip
    return Child("payer", lambda: options("tests.chaos.payer", given), home)


def _url(home: Path, name: str) -> str:
    return f"sqlite:///{home.absolute() / name}.db"


async def _check(deal: Place, payment: Place, topics: Topics, home: Path, url: str, up_to: int) -> Verdict:
    """Compare each part with what it was given; while effects are under way, that alone is told."""
    if waiting := unfinished(url):
        return Verdict(lost=waiting, examples=[f"{waiting} effects have no outcome yet"])
    names = (topics.changes, topics.events, topics.effects, topics.payments, topics.payment_events, topics.dead_letters)
    held = await read_topics(deal.bootstrap, names, deal.partitions)
    seen = see(
        _all(held[topics.effects]), _all(held[topics.changes]), _all(held[topics.events]), url,
        calls_of(calls_file(home)), _parked(held[topics.dead_letters], topics.effects),
    )  # fmt: skip
    verdict = Verdict()
    verdict.add("deals", await compare(deal, held, up_to))
    verdict.add("payments", await compare(payment, held, up_to))
    verdict.add("notifier", judge(seen))
    verdict.add("history", await judge_index(topics, held, home / "history.db", deal.bootstrap))
    return verdict


def _parked(letters: Held, topic: str) -> int:
    return sum(read_dead_letter(record).origin.topic == topic for record in _all(letters))


def _all(held: Held) -> list[object]:
    return [record for records in held.values() for record in records]
