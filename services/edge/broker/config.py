"""What the local broker is told: its properties and the options of its JVM. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

LARGEST_RECORD = 10 * 1024 * 1024
_HOST = "127.0.0.1"

# One node: nothing can be replicated, the internal topics are small, and a group starts at once.
SINGLE_NODE: Mapping[str, str] = MappingProxyType(
    {
        "process.roles": "broker,controller",
        "node.id": "1",
        # After a kill the controller waits this long before it takes the broker back: 9 s by default.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        "auto.create.topics.enable": "false",
        "message.max.bytes": str(LARGEST_RECORD + 64 * 1024),
        "replica.fetch.max.bytes": str(LARGEST_RECORD + 64 * 1024),
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        "num.network.threads": "2",
        "num.io.threads": "4",
        # A broker that somebody stopped over a long holiday still knows where every group was.
        "offsets.retention.minutes": str(90 * 24 * 60),
    }
)


def bootstrap(port: int) -> str:
    """Return the address that clients are given."""
    return f"{_HOST}:{port}"


def properties(data: Path, port: int, controller_port: int) -> str:
    """Return the `server.properties` of a single KRaft node on the loopback interface."""
    own = {
        "listeners": f"PLAINTEXT://{bootstrap(port)},CONTROLLER://{bootstrap(controller_port)}",
        "advertised.listeners": f"PLAINTEXT://{bootstrap(port)}",
        "controller.quorum.voters": f"1@{bootstrap(controller_port)}",
        "log.dirs": data.as_posix(),
    }
    return "".join(f"{name}={value}\n" for name, value in {**SINGLE_NODE, **own}.items())


def jvm(java: Path, jars: Sequence[Path]) -> list[str]:
    """Return the start of the command line, up to the main class.

    SerialGC starts as fast as G1 and needs no threads of its own beside the services on a small machine;
    both compilers stay on, since a broker outlives its start.
    """
    logging = "org.slf4j.simpleLogger."
    return [
        str(java),
        "-Xms128m",
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        f"-D{logging}showDateTime=true",
        f"-D{logging}dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
        f"-D{logging}log.org.apache.kafka.common.config.AbstractConfig=warn",
        "-cp",
        ":".join(str(jar) for jar in jars),
    ]
