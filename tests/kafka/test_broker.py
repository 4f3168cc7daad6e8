"""The local broker and the topics on it, for real."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition
from click.testing import CliRunner, Result

from services.cli.main import main
from services.edge import topic_check
from services.edge.broker import BrokerError, reset_broker, running_broker, start_broker, stop_broker
from services.edge.broker.state import load, save
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.topic_check import Difference, TopicsError
from services.edge.topics import LARGEST_RECORD, Topics, partition_for
from tests.conftest import PARTITIONS, with_admin

pytestmark = pytest.mark.kafka


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose broker is gone afterwards, however the test ends."""
    yield tmp_path
    reset_broker(tmp_path)


async def _append(kafka: KafkaSettings, topic: str, value: bytes, key: bytes = b"t/deal/1", **more: Any) -> Any:
    sender = producer(kafka, compression=None)
    await sender.start()
    try:
        return await sender.send_and_wait(topic, value, key, **more)
    finally:
        await sender.stop()


async def _read_first(kafka: KafkaSettings, topic: str, partition: int) -> Any:
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([TopicPartition(topic, partition)])
        return await reader.getone()
    finally:
        await reader.stop()


def _apply(kafka: KafkaSettings, topics: Topics) -> tuple[Difference, ...]:
    return with_admin(kafka, lambda client: topic_check.apply(client, topics.declared()))


def _check(kafka: KafkaSettings, topics: Topics) -> tuple[Difference, ...]:
    return with_admin(kafka, lambda client: topic_check.check(client, topics.declared()))


def _drift(kafka: KafkaSettings, topics: Topics, config: dict[str, str]) -> tuple[Difference, ...]:
    """Set the effects' configuration to `config` alone, and return what is found once the broker shows it."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topics.effects, config)
    with_admin(kafka, lambda client: client.alter_configs([resource]))
    end = time.monotonic() + 60
    while not (found := _check(kafka, topics)):
        assert time.monotonic() < end
    return found


def _stagewire(*arguments: str, **env: str) -> Result:
    clean = {name: None for name in os.environ if name.startswith(("KAFKA_", "STAGEWIRE_TOPIC", "STAGEWIRE_PART"))}
    return CliRunner().invoke(main, arguments, env={**clean, **env})


async def test_data_and_port_survive_a_kill_a_stop_and_a_restart(home: Path) -> None:
    """What was acknowledged is there again at the same address."""
    topics = Topics(partitions=1)
    first = start_broker(home)
    kafka = KafkaSettings(bootstrap_servers=first.bootstrap)
    _apply(kafka, topics)
    await _append(kafka, topics.events, b"kept")
    first.kill()
    assert running_broker(home) is None
    second = start_broker(home)
    assert (second.bootstrap, second.pid) != (first.bootstrap, first.pid)
    second.stop()
    third = start_broker(home)
    assert third.bootstrap == first.bootstrap
    assert (await _read_first(kafka, topics.events, 0)).value == b"kept"


async def test_a_paused_broker_stops_answering_and_goes_on_when_resumed(home: Path) -> None:
    """The fault that a chaos test needs besides the kill; a stop ends a paused broker too."""
    running = start_broker(home)
    running.pause()
    assert psutil.Process(running.pid).status() == psutil.STATUS_STOPPED
    running.resume()
    _apply(KafkaSettings(bootstrap_servers=running.bootstrap), Topics(partitions=1))
    running.pause()
    assert stop_broker(home)
    assert not psutil.pid_exists(running.pid)


def test_the_commands_start_find_stop_and_wipe_a_broker(home: Path) -> None:
    """The life of a local broker as people and scripts see it."""
    env = {"STAGEWIRE_HOME": str(home)}
    assert _stagewire("broker", "status", **env).exit_code == 3
    started = json.loads(_stagewire("broker", "start", "--json", **env).stdout)
    again = json.loads(_stagewire("broker", "start", "--json", **env).stdout)
    assert (started["started"], again["started"], again["pid"]) == (True, False, started["pid"])
    status = _stagewire("broker", "status", "--json", **env)
    assert status.exit_code == 0
    assert json.loads(status.stdout)["bootstrap"] == started["bootstrap"]
    assert _stagewire("topics", "check", **env).exit_code == 1
    assert _stagewire("topics", "apply", **env).exit_code == 0
    assert _stagewire("topics", "check", **env).exit_code == 0
    assert json.loads(_stagewire("broker", "stop", "--json", **env).stdout) == {"stopped": True}
    assert _stagewire("broker", "status", **env).exit_code == 3
    assert _stagewire("broker", "reset", "--yes", **env).exit_code == 0
    assert not (home / "broker").exists()


def test_two_that_start_at_once_get_the_same_broker(home: Path) -> None:
    """Services that come up together must not make two of it."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(start_broker, [home, home])
    assert first == second


def test_nothing_is_started_where_a_cluster_is_set(home: Path) -> None:
    """KAFKA_BOOTSTRAP_SERVERS wins."""
    said = _stagewire("broker", "start", STAGEWIRE_HOME=str(home), KAFKA_BOOTSTRAP_SERVERS="k:9092")
    assert "k:9092" in said.stdout
    assert list(home.iterdir()) == []


def test_a_process_number_that_went_to_somebody_else_is_left_alone(home: Path, broker: Any) -> None:
    """A recorded number whose process started at another time is not ours to stop."""
    state = load(broker.home)
    assert state is not None
    (home / "broker").mkdir()
    save(home, state.model_copy(update={"started": 1_000_000_000.0}))
    assert running_broker(home) is None
    assert not stop_broker(home)
    assert running_broker(broker.home) == broker


def test_a_port_that_is_taken_is_refused(home: Path, broker: Any) -> None:
    """A wanted port is that port or an error."""
    with pytest.raises(BrokerError, match="taken"):
        start_broker(home, port=int(broker.bootstrap.split(":")[1]))


def test_applying_twice_changes_nothing_the_second_time(kafka: KafkaSettings, topics: Topics) -> None:
    """The fixture applied once already."""
    assert _apply(kafka, topics) == ()


def test_drift_is_found_mended_and_other_settings_stay(kafka: KafkaSettings, topics: Topics) -> None:
    """Somebody shortened the retention, and set something that is no business of ours."""
    found = _drift(kafka, topics, {"retention.ms": "1000", "segment.ms": "3600000"})
    assert (topics.effects, "retention.ms") in {(diff.topic, diff.setting) for diff in found}
    assert {diff.topic for diff in found} == {topics.effects}
    _apply(kafka, topics)
    assert _check(kafka, topics) == ()
    (answer,) = with_admin(
        kafka, lambda client: client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topics.effects)])
    )
    assert {entry[0]: entry[1] for entry in answer.resources[0][4]}["segment.ms"] == "3600000"


def test_the_number_of_partitions_is_refused_and_nothing_else_is_altered(kafka: KafkaSettings, topics: Topics) -> None:
    """The refusal names the way: new topics and a copy."""
    more = topics._replace(partitions=PARTITIONS + 1)
    with pytest.raises(TopicsError, match="never altered in place"):
        _apply(kafka, more)
    assert _check(kafka, topics) == ()


async def test_the_broker_stamps_the_inbox_and_leaves_the_log_alone(kafka: KafkaSettings, topics: Topics) -> None:
    """`now` of a decision comes from the append; an event keeps the moment it was recorded at."""
    in_2020 = 1_577_836_800_000
    inbox = await _append(kafka, topics.changes, b"x", timestamp_ms=in_2020)
    log = await _append(kafka, topics.events, b"x", timestamp_ms=in_2020)
    assert inbox.timestamp > in_2020
    assert log.timestamp == in_2020


async def test_a_record_of_ten_megabytes_passes_and_lands_where_its_key_says(
    kafka: KafkaSettings, topics: Topics
) -> None:
    """The largest that our services write, through producer, broker and consumer."""
    value = os.urandom(LARGEST_RECORD - 1024)
    key = b"acme/deal/4711"
    written = await _append(kafka, topics.snapshots, value, key)
    assert written.partition == partition_for(key, PARTITIONS)
    read = await _read_first(kafka, topics.snapshots, written.partition)
    assert (read.key, read.value == value) == (key, True)
