"""The processes of a run: a broker, workers, senders; started anew when they end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.edge.broker import RunningBroker, reset_broker, start_broker
from tests.chaos.subject import Place


@dataclass
class Child:
    """A process of ours with the command that starts it."""

    name: str
    command: list[str]
    cwd: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None
    exits: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Start it, with its output at the end of its log."""
        with self.log.open("ab") as log:
            environment = {**os.environ, "PYTHONPATH": str(self.cwd)}
            self.process = subprocess.Popen(self.command, cwd=self.cwd, stdout=log, stderr=log, env=environment)

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

    def state(self) -> str:
        """Return the state letter of Linux: T is stopped, empty when it is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] if self.pid else ""
        except FileNotFoundError:
            return ""


class World:
    """Everything that a fault can hit."""

    def __init__(self, home: Path, place: Place, broker: RunningBroker, workers: int, rate: int, mutant: str) -> None:
        self.home = home
        self.place = place
        self.broker = broker
        self.resting: set[str] = set()
        """Names of children that a fault holds down: they are not started again meanwhile."""
        self._rate = rate
        self._mutant = mutant
        self._seeds = iter(range(1, 1_000_000))
        self.workers = [self.new_worker(f"worker-{number}") for number in range(workers)]
        self.sender = self.new_sender()

    def new_worker(self, name: str, tree: Path | None = None) -> Child:
        """Make a worker, from another source tree if one is given."""
        options = {"data": str(self.home / name), "mutant": self._mutant, **self._common()}
        return self._child(name, "tests.chaos.worker", options, tree)

    def new_sender(self, *flags: str, rate: int = 0) -> Child:
        """Make a sender with a seed of its own."""
        options = {"rate": str(rate or self._rate), "seed": str(next(self._seeds)), **self._common()}
        return self._child("sender", "tests.chaos.sender", options, None, *flags)

    def watch(self) -> None:
        """Start anew what has ended by itself; a sender goes on with other changes."""
        for child in self.workers:
            if not child.pid and child.name not in self.resting:
                if child.process is not None:
                    child.exits.append(child.process.returncode)
                child.start()
        if not self.sender.pid and "sender" not in self.resting:
            self.sender = self.new_sender()
            self.sender.start()

    def stop(self) -> None:
        """Kill all that runs."""
        for child in [*self.workers, self.sender]:
            if child.pid:
                child.send(signal.SIGCONT)
                child.send(signal.SIGKILL)

    def _common(self) -> dict[str, str]:
        return {"stream": self.place.subject, "prefix": self.place.prefix, "bootstrap": self.place.bootstrap}

    def _child(self, name: str, module: str, options: dict[str, str], tree: Path | None, *flags: str) -> Child:
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        return Child(
            name, [sys.executable, "-m", module, *words, *flags], tree or Path.cwd(), self.home / f"{name}.log"
        )


@contextmanager
def own_broker(home: Path) -> Iterator[RunningBroker]:
    """Start a broker for this run alone, and remove it."""
    broker_home = home / "broker"
    try:
        yield start_broker(broker_home)
    finally:
        reset_broker(broker_home)
