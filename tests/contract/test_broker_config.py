"""The local broker's settings: in a process, in a container, and as the topics need them."""

from __future__ import annotations

from pathlib import Path

import yaml

from services.edge.broker.config import SINGLE_NODE, properties
from services.edge.topics import Topics

_COMPOSE = Path(__file__).parents[2] / "deploy" / "local" / "compose.yaml"


def test_the_container_has_the_settings_of_the_process() -> None:
    """Whoever takes the one must not meet another Kafka than whoever takes the other."""
    environment = yaml.safe_load(_COMPOSE.read_text("utf-8"))["services"]["kafka"]["environment"]
    assert {name: environment.get(f"KAFKA_{name.replace('.', '_').upper()}") for name in SINGLE_NODE} == SINGLE_NODE


def test_the_broker_takes_what_the_largest_topic_takes() -> None:
    """Else replicas and followers could not copy what a producer was allowed to write."""
    largest = max(int(topic.config["max.message.bytes"]) for topic in Topics().declared())
    assert int(SINGLE_NODE["message.max.bytes"]) >= largest
    assert int(SINGLE_NODE["replica.fetch.max.bytes"]) >= largest


def test_only_this_machine_can_connect() -> None:
    """The local broker asks nobody for a password."""
    said = dict(line.split("=", 1) for line in properties(Path("/data"), 1111, 2222).splitlines())
    assert said["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222"
    assert said["controller.quorum.voters"] == "1@127.0.0.1:2222"
