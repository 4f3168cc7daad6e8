"""Several brokers on this machine, as in production: three replicas, two of which have to answer; TLS, SCRAM and ACLs.

The product starts a single node for itself and is pointed at clusters of others, so this is for tests alone.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from aiokafka.errors import KafkaError

from services.edge.broker import config
from services.edge.broker.jars import class_path
from services.edge.broker.java import find_java
from services.edge.kafka import KafkaSettings, admin
from services.edge.ports import free_port

OPERATOR = "operator"
"""The user to whom nothing is forbidden; the brokers speak to each other as this one."""
_READY_SECONDS = 90.0
_STOP_SECONDS = 20.0
_REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


class Locked(NamedTuple):
    """What a cluster with closed doors needs: the authority's file, that of the key, and passwords by user."""

    authority: Path
    key: Path
    passwords: Mapping[str, str]

    def settings(self, bootstrap: str, user: str) -> KafkaSettings:
        """Return how a user connects."""
        return KafkaSettings(
            bootstrap_servers=bootstrap, sasl_username=user, sasl_password=self.passwords[user],
            ssl_cafile=self.authority,
        )  # type: ignore[call-arg]  # fmt: skip


@dataclass(eq=False)
class Node:
    """One broker, which is a controller too."""

    number: int
    folder: Path
    port: int
    controller: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process number; 0 when it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def start(self, command: Sequence[str]) -> None:
        """Start the process."""
        with (self.folder / "kafka.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "kafka.Kafka", "server.properties"], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """End the process at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(_STOP_SECONDS)

    def pause(self) -> None:
        """Freeze the process, and return when it stands: it keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)


@dataclass(eq=False)
class Cluster:
    """Brokers that know each other; `nodes` by number from 0."""

    nodes: Sequence[Node]
    locked: Locked | None = None
    command: list[str] = field(default_factory=lambda: config.jvm(find_java(), class_path()))

    @property
    def bootstrap(self) -> str:
        """The addresses of all of them."""
        return ",".join(f"localhost:{node.port}" for node in self.nodes)

    def settings(self, user: str = OPERATOR) -> KafkaSettings:
        """Return how a user connects; in an open cluster they are all alike."""
        if self.locked is not None:
            return self.locked.settings(self.bootstrap, user)
        return KafkaSettings(bootstrap_servers=self.bootstrap)

    def pids(self) -> list[int]:
        """Return the process numbers."""
        return [node.pid for node in self.nodes]

    def kill(self, rng: random.Random) -> None:
        """Kill one broker."""
        rng.choice(self.nodes).kill()

    def start(self) -> None:
        """Start what does not run, and wait until every broker has joined."""
        for node in self.nodes:
            if not node.pid:
                node.start(self.command)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, self._joined()).result()

    async def _joined(self) -> None:
        until = time.monotonic() + _READY_SECONDS
        while not (all(map(_listens, self.nodes)) and await self._answers()):
            dead = [node.folder for node in self.nodes if not node.pid]
            if dead or time.monotonic() > until:
                raise RuntimeError(f"the cluster did not start; see kafka.log in {dead or self.nodes[0].folder}")
            await asyncio.sleep(0.2)

    async def _answers(self) -> bool:
        client = admin(self.settings())
        try:
            await client.start()
            seen = await client.describe_cluster()
            for kind in (0, 1):  # groups, transactions
                await client.find_coordinator("ready", kind)
        except KafkaError:
            return False
        finally:
            await client.close()
        return len(seen["brokers"]) == len(self.nodes)


@contextmanager
def cluster(home: Path, count: int = 3, locked: Locked | None = None) -> Iterator[Cluster]:
    """Start brokers in a folder, and kill them at the end."""
    ports: list[int] = []
    while len(ports) < 2 * count:
        ports.append(free_port(ports))
    nodes = [Node(n, home / f"broker-{n}", ports[n], ports[count + n]) for n in range(count)]
    made = Cluster(nodes, locked)
    cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().strip("=").replace("-", "A")
    voters = ",".join(f"{node.number + 1}@localhost:{node.controller}" for node in nodes)
    try:
        for node in nodes:
            _format(made, node, voters, cluster_id)
        made.start()
        yield made
    finally:
        for node in nodes:
            node.kill()


def _format(made: Cluster, node: Node, voters: str, cluster_id: str) -> None:
    node.folder.mkdir(parents=True)
    told = {**config.SINGLE_NODE, **(_REPLICATED if len(made.nodes) > 1 else {}), **_own(node, voters)}
    told |= _doors(made.locked) if made.locked else {}
    (node.folder / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    users = made.locked.passwords if made.locked else {}
    scram = [f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in users.items()]
    words = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", "server.properties"]
    words += [word for one in scram for word in ("--add-scram", one)]
    subprocess.run([*made.command, *words], cwd=node.folder, check=True, capture_output=True)


def _own(node: Node, voters: str) -> dict[str, str]:
    return {
        "node.id": str(node.number + 1),
        "listeners": f"CLIENT://localhost:{node.port},CONTROLLER://localhost:{node.controller}",
        "advertised.listeners": f"CLIENT://localhost:{node.port}",
        "inter.broker.listener.name": "CLIENT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT",
        "controller.quorum.voters": voters,
        "log.dirs": str(node.folder / "data"),
    }


def _doors(locked: Locked) -> dict[str, str]:
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    return {
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:SASL_SSL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": (
            f'{login} username="{OPERATOR}" password="{locked.passwords[OPERATOR]}";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(locked.key),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(locked.authority),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{OPERATOR};User:ANONYMOUS",  # who has no name comes by the controllers' port
    }


def _listens(node: Node) -> bool:
    """Tell whether the port is open: the client would log an error for every try before that."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", node.port)) == 0
