"""Compare declared topics with a cluster's, and make the cluster follow where that is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from services.edge.topics import Config, Topic

_SET_ON_TOPIC = 1  # DYNAMIC_TOPIC_CONFIG: the topic's own setting, not the broker's or a default
_EXISTS = 36  # TOPIC_ALREADY_EXISTS: somebody else applied at the same time
_SEEN_TRIES, _SEEN_PAUSE_SECONDS = 100, 0.1
_UNKNOWN = 3  # UNKNOWN_TOPIC_OR_PARTITION
_PARTITIONS_STAY: Final = (
    "the number of partitions is never altered in place: it would give items two owners. More partitions are "
    "new topics: stop the intake, drain, copy the log with its order, start the services on the copy"
)


class TopicsError(Exception):
    """The cluster refuses the topics, or cannot carry them safely."""


class Found(NamedTuple):
    """A topic as the cluster has it; `config` is in force, `own` is what was set on the topic itself."""

    partitions: int
    replication: int
    config: Config
    own: Config


class Difference(NamedTuple):
    """One thing that is not as declared; `fix` tells how `apply` can mend it (None: it cannot, for `why`)."""

    topic: str
    setting: str
    declared: str
    found: str
    fix: str | None
    why: str = ""


class Safety(NamedTuple):
    """How often each record is kept: more than one broker means three times, and two must have it."""

    replication: int
    in_sync: int

    @classmethod
    def on(cls, brokers: int) -> Safety:
        """Return what a cluster of so many brokers has to give."""
        return cls(1, 1) if brokers == 1 else cls(3, 2)


def with_safety(topic: Topic, safety: Safety) -> Topic:
    """Return the declaration with the number of replicas that have to take part in a write."""
    return topic._replace(config={**topic.config, "min.insync.replicas": str(safety.in_sync)})


def differences(declared: Iterable[Topic], found: Mapping[str, Found], safety: Safety) -> tuple[Difference, ...]:
    """Return all that the cluster has otherwise than declared."""
    return tuple(diff for topic in declared for diff in _of_topic(topic, found.get(topic.name), safety))


def _of_topic(topic: Topic, found: Found | None, safety: Safety) -> Iterator[Difference]:
    if found is None:
        yield Difference(topic.name, "topic", "exists", "missing", "create")
        return
    if found.partitions != topic.partitions:
        numbers = str(topic.partitions), str(found.partitions)
        yield Difference(topic.name, "partitions", *numbers, None, _PARTITIONS_STAY)
    if found.replication < safety.replication:
        numbers = str(safety.replication), str(found.replication)
        yield Difference(topic.name, "replication", *numbers, None, "reassign the partitions with Kafka's own tool")
    for name, value in with_safety(topic, safety).config.items():
        if found.config.get(name) != value and not _is_safer(name, value, found.config):
            yield Difference(topic.name, name, value, found.config.get(name, "unset"), "alter")


def _is_safer(name: str, declared: str, config: Config) -> bool:
    """More replicas in sync than demanded is an operator's choice, not a fault."""
    return name == "min.insync.replicas" and int(config.get(name, "0")) >= int(declared)


async def check(admin: AIOKafkaAdminClient, declared: Sequence[Topic]) -> tuple[Difference, ...]:
    """Return how the cluster differs from the declaration."""
    found = await _read(admin, declared)
    return differences(declared, found, await _safety(admin))


async def apply(admin: AIOKafkaAdminClient, declared: Sequence[Topic]) -> tuple[Difference, ...]:
    """Create what is missing, alter what differs, and return what was mended; TopicsError for what cannot be."""
    safety = await _safety(admin)
    found = await _read(admin, declared)
    diffs = differences(declared, found, safety)
    if stuck := [diff for diff in diffs if diff.fix is None]:
        raise TopicsError(_told(stuck))
    wanted = {topic.name: with_safety(topic, safety) for topic in declared}
    await _create(admin, [wanted[diff.topic] for diff in diffs if diff.fix == "create"], safety)
    await _alter(admin, [wanted[name] for name in {d.topic for d in diffs if d.fix == "alter"}], found)
    if diffs:
        await _seen(admin, declared)
    return diffs


async def _seen(admin: AIOKafkaAdminClient, declared: Sequence[Topic]) -> None:
    """Wait until the brokers know what the controller has accepted: they learn it a moment later."""
    for _ in range(_SEEN_TRIES):
        if not (left := await check(admin, declared)):
            return
        await asyncio.sleep(_SEEN_PAUSE_SECONDS)
    raise TopicsError(f"the brokers do not show what was accepted: {left[0]}")


def _told(stuck: Sequence[Difference]) -> str:
    what = [f"{diff.topic}: {diff.setting} is {diff.found}, not {diff.declared}" for diff in stuck]
    return "\n".join(["nothing was changed:", *what, *sorted({diff.why for diff in stuck})])


async def _safety(admin: AIOKafkaAdminClient) -> Safety:
    cluster = await admin.describe_cluster()
    return Safety.on(len(cluster["brokers"]))


async def _read(admin: AIOKafkaAdminClient, declared: Sequence[Topic]) -> dict[str, Found]:
    """Return those of the declared topics that exist."""
    described = await admin.describe_topics([topic.name for topic in declared])
    existing = [topic for topic in described if _exists(topic)]
    configs = await _configs(admin, [topic["topic"] for topic in existing])
    return {topic["topic"]: _found(topic["partitions"], configs[topic["topic"]]) for topic in existing}


def _exists(topic: Mapping[str, Any]) -> bool:
    if topic["error_code"] not in (0, _UNKNOWN):
        raise for_code(topic["error_code"])(topic["topic"])
    return bool(topic["error_code"] == 0)


def _found(partitions: Sequence[Mapping[str, Any]], entries: Sequence[tuple[Any, ...]]) -> Found:
    config = {entry[0]: entry[1] for entry in entries}
    own = {entry[0]: entry[1] for entry in entries if entry[3] == _SET_ON_TOPIC}
    return Found(len(partitions), min(len(p["replicas"]) for p in partitions), config, own)


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Any]:
    if not names:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    resources = [resource for answer in answers for resource in answer.resources]
    for code, message, *_ in resources:
        if code:
            raise for_code(code)(message)
    return {resource[3]: resource[4] for resource in resources}


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], safety: Safety) -> None:
    if not topics:
        return
    new = [NewTopic(t.name, t.partitions, safety.replication, topic_configs=dict(t.config)) for t in topics]
    answer = await admin.create_topics(new)
    _raise_refused((name, code, message) for name, code, message in answer.topic_errors)


async def _alter(admin: AIOKafkaAdminClient, topics: Sequence[Topic], found: Mapping[str, Found]) -> None:
    """Alter configurations; the request replaces all of a topic's own settings, so the others go along."""
    if not topics:
        return
    merged = {topic.name: {**found[topic.name].own, **topic.config} for topic in topics}
    answers = await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name, configs) for name, configs in merged.items()]
    )
    results = [result for answer in answers for result in answer.resources]
    _raise_refused((name, code, message) for code, message, _kind, name in results)


def _raise_refused(results: Iterable[tuple[str, int, str | None]]) -> None:
    refused = [
        f"{name}: {message or for_code(code).__name__}" for name, code, message in results if code not in (0, _EXISTS)
    ]
    if refused:
        raise TopicsError("; ".join(refused))
