"""The declared topics, and how differences of a cluster are found, without a cluster."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import murmur2
from pydantic import ValidationError

from services.edge.topic_check import Difference, Found, Safety, differences, with_safety
from services.edge.topics import Topic, Topics, TopicSettings, partition_for

ALONE = Safety.on(1)
CLUSTER = Safety.on(3)
DECLARED = Topics(partitions=8).declared()


def _as_declared(safety: Safety, topics: tuple[Topic, ...] = DECLARED) -> dict[str, Found]:
    """A cluster that has everything as declared."""
    return {t.name: Found(t.partitions, safety.replication, dict(with_safety(t, safety).config), {}) for t in topics}


def _by_name() -> dict[str, Topic]:
    return {topic.name: topic for topic in DECLARED}


@pytest.mark.parametrize(
    ("key", "java"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_keys_go_to_the_partition_that_the_java_client_chooses(key: bytes, java: int) -> None:
    """Vectors of Kafka's own UtilsTest: the hash as a signed int, made positive, modulo the partitions."""
    assert murmur2(key) & 0xFFFFFFFF == java & 0xFFFFFFFF
    assert partition_for(key, 7) == (java & 0x7FFFFFFF) % 7


def test_every_named_topic_is_declared_once() -> None:
    """Names and declarations cannot drift apart."""
    topics = Topics(prefix="x.")
    named = {getattr(topics, name) for name, kind in vars(Topics).items() if isinstance(kind, property)}
    named.remove(topics.definitions_writer)  # a transactional id
    declared = [topic.name for topic in topics.declared()]
    assert named == set(declared)
    assert len(declared) == len(named) == 10
    assert all(name.startswith("x.crm.") for name in declared)


def test_topics_keyed_by_item_share_one_number_of_partitions() -> None:
    """An item's changes, events, effects and snapshots must meet in one worker."""
    assert {topic.partitions for topic in Topics(partitions=5).declared() if "definitions" not in topic.name} == {5}


def test_the_definitions_have_a_single_partition_whatever_is_set() -> None:
    """Its offset is the definitions version."""
    assert next(t for t in Topics(partitions=32).declared() if t.name == "crm.definitions").partitions == 1


def test_only_the_inboxes_are_stamped_by_the_broker() -> None:
    """`now` of a decision is the time of the append, so nobody else may set it."""
    stamped = {t.name for t in DECLARED if t.config.get("message.timestamp.type") == "LogAppendTime"}
    assert stamped == {"crm.changes", "crm.payments"}


def test_logs_are_kept_for_ever_and_never_compacted() -> None:
    """Every state is a fold of the log."""
    for name in ("crm.events", "crm.payment-events", "crm.definitions"):
        config = _by_name()[name].config
        assert (config["retention.ms"], config["retention.bytes"], config["cleanup.policy"]) == ("-1", "-1", "delete")


def test_a_cluster_as_declared_shows_no_difference() -> None:
    """No false alarms."""
    assert differences(DECLARED, _as_declared(CLUSTER), CLUSTER) == ()


def test_a_missing_topic_is_to_be_created() -> None:
    """An empty cluster lacks all ten."""
    assert {(d.setting, d.fix) for d in differences(DECLARED, {}, ALONE)} == {("topic", "create")}


def test_another_number_of_partitions_cannot_be_mended_and_says_why() -> None:
    """Altering it would give an item two owners."""
    found = _as_declared(ALONE)
    found["crm.events"] = found["crm.events"]._replace(partitions=9)
    (diff,) = differences(DECLARED, found, ALONE)
    assert (diff.topic, diff.setting, diff.declared, diff.found, diff.fix) == (
        "crm.events", "partitions", "8", "9", None
    )  # fmt: skip
    assert "two owners" in diff.why


def test_shorter_retention_is_found() -> None:
    """A log that forgets is the worst drift."""
    found = _as_declared(ALONE)
    changed = {**found["crm.events"].config, "retention.ms": "604800000"}
    found["crm.events"] = found["crm.events"]._replace(config=changed)
    assert differences(DECLARED, found, ALONE) == (
        Difference("crm.events", "retention.ms", "-1", "604800000", "alter"),
    )


def test_a_cluster_of_several_brokers_must_keep_three_replicas_with_two_in_sync() -> None:
    """What is enough for one broker is refused on three."""
    found = {name: topic for name, topic in _as_declared(ALONE).items() if name == "crm.events"}
    diffs = differences([_by_name()["crm.events"]], found, CLUSTER)
    assert {(d.setting, d.declared, d.found, d.fix) for d in diffs} == {
        ("replication", "3", "1", None),
        ("min.insync.replicas", "2", "1", "alter"),
    }


def test_unclean_election_is_refused() -> None:
    """A replica that lags must not become the leader: it would lose acknowledged events."""
    found = _as_declared(CLUSTER)
    changed = {**found["crm.events"].config, "unclean.leader.election.enable": "true"}
    found["crm.events"] = found["crm.events"]._replace(config=changed)
    assert [d.setting for d in differences(DECLARED, found, CLUSTER)] == ["unclean.leader.election.enable"]


def test_more_replicas_in_sync_than_demanded_are_the_operators_choice() -> None:
    """Stricter is not drift."""
    found = _as_declared(CLUSTER)
    found["crm.events"] = found["crm.events"]._replace(
        config={**found["crm.events"].config, "min.insync.replicas": "3"}
    )
    assert differences(DECLARED, found, CLUSTER) == ()


def test_a_prefix_that_kafka_would_refuse_is_refused_at_once() -> None:
    """The mistake shows at the start, not at the first topic."""
    with pytest.raises(ValidationError):
        TopicSettings(topic_prefix="a/b")
