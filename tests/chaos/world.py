"""The processes of a run: a broker, workers, senders; started anew when they end."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from aiokafka.admin import NewTopic

from services.edge.broker import reset_broker, start_broker
from tests.chaos.checker import Verdict
from tests.chaos.subject import Place
from tests.cluster import cluster


@dataclass(eq=False)
class Child:
    """A process of ours with what returns the words that start it, anew for each start."""

    name: str
    words: Callable[[], list[str]]
    home: Path
    """Where its log is."""
    environment: Mapping[str, str] = field(default_factory=dict)
    session: float = 6.0
    """Seconds after which its group gives its partitions to others."""
    tree: Path = field(default_factory=Path.cwd)
    process: subprocess.Popen[bytes] | None = None
    exits: list[int] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the fault that hits it: faults overlap, but not on one process."""

    def start(self) -> None:
        """Start it, with its output at the end of its log."""
        with (self.home / f"{self.name}.log").open("ab") as log:
            environment = {**os.environ, **self.environment, "PYTHONPATH": str(self.tree)}
            command = [sys.executable, "-m", *self.words()]
            self.process = subprocess.Popen(command, cwd=self.tree, stdout=log, stderr=log, env=environment)

    @property
    def pid(self) -> int:
        """The process number; 0 when it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        if self.process is not None:
            self.process.send_signal(number)

    async def ended(self, seconds: float) -> int | None:
        """Wait for the end; None if it does not come."""
        until = time.monotonic() + seconds
        while self.process is not None and self.process.poll() is None:
            if time.monotonic() > until:
                return None
            await asyncio.sleep(0.05)
        code = None if self.process is None else self.process.returncode
        if code is not None:
            self.exits.append(code)
            self.process = None
        return code

    async def answers(self, number: signal.Signals, seconds: float = 60.0) -> bool:
        """Wait until it has a handler for a signal; False if that does not come."""
        until = time.monotonic() + seconds
        while self.pid and time.monotonic() < until:
            if _caught(self.pid) >> (number - 1) & 1:
                return True
            await asyncio.sleep(0.1)
        return False

    def state(self) -> str:
        """Return the state letter of Linux: T is stopped, empty when it is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] if self.pid else ""
        except FileNotFoundError:
            return ""


def _caught(pid: int) -> int:
    """Return the signals that a process has handlers for, as Linux's mask."""
    try:
        words = Path(f"/proc/{pid}/status").read_text().split()
    except FileNotFoundError:
        return 0
    return int(words[words.index("SigCgt:") + 1], 16)


class Group(NamedTuple):
    """The workers of one stream, and where their offsets are."""

    place: Place
    workers: Sequence[Child]


class Crew(NamedTuple):
    """What runs, and how it is judged."""

    topics: Sequence[NewTopic]
    groups: Sequence[Group]
    others: Sequence[Child]
    """Services that are no worker of a stream."""
    senders: Sequence[Child]
    strays: Sequence[Child]
    """Senders with another client's partitioner, of 100 changes each; they run when a fault starts them."""
    beside: Callable[[Path], Child]
    """Makes a worker from another source tree."""
    check: Callable[[int], Awaitable[Verdict]]
    """Compares what came out with the model, as of a moment."""


class Brokers(Protocol):
    """One broker, or a cluster of which one at a time is killed."""

    @property
    def bootstrap(self) -> str:
        """Where clients begin."""
        ...

    def pids(self) -> list[int]:
        """Return the process numbers."""
        ...

    def kill(self, rng: random.Random) -> None:
        """Kill one broker; its port and data stay."""
        ...

    def start(self) -> None:
        """Start it again, and wait until it serves."""
        ...


class OneBroker:
    """The node that the product starts for itself."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._running = start_broker(home)

    @property
    def bootstrap(self) -> str:
        """Where clients begin."""
        return self._running.bootstrap

    def pids(self) -> list[int]:
        """Return its process number."""
        return [self._running.pid]

    def kill(self, _: random.Random) -> None:
        """Kill it."""
        self._running.kill()

    def start(self) -> None:
        """Start it again."""
        self._running = start_broker(self._home)


class World:
    """Everything that a fault can hit."""

    def __init__(self, home: Path, brokers: Brokers, crew: Crew) -> None:
        self.home = home
        self.brokers = brokers
        self.crew = crew
        self.workers = [*(child for group in crew.groups for child in group.workers), *crew.others]
        self.resting: set[str] = set()
        """Names of children that a fault holds down: they are not started again meanwhile."""
        self.calm = asyncio.Lock()
        """Held by faults that need all else to be up meanwhile, and by those that take the broker away."""

    def watch(self) -> None:
        """Start anew what has ended by itself; a sender goes on with other changes."""
        for child in (*self.workers, *self.crew.senders):
            if not child.pid and child.name not in self.resting:
                if child.process is not None:
                    child.exits.append(child.process.returncode)
                child.start()

    async def hush(self) -> None:
        """End the senders."""
        for child in self.crew.senders:
            self.resting.add(child.name)
            child.send(signal.SIGKILL)
            await child.ended(5.0)

    def stop(self) -> None:
        """Kill all that runs."""
        for child in (*self.workers, *self.crew.senders, *self.crew.strays):
            if child.pid:
                child.send(signal.SIGCONT)
                child.send(signal.SIGKILL)


def options(module: str, given: Mapping[str, object], *flags: str) -> list[str]:
    """Return the words of a command line."""
    return [module, *(word for key, value in given.items() for word in (f"--{key}", str(value))), *flags]


@contextmanager
def own_brokers(home: Path, count: int = 1) -> Iterator[Brokers]:
    """Start brokers for this run alone, and end them; with one there are no replicas."""
    if count > 1:
        with cluster(home, count) as made:
            yield made
        return
    try:
        yield OneBroker(home / "broker")
    finally:
        reset_broker(home / "broker")
