"""`up` and `down`: broker, topics, secrets and all services, until each says that it is ready."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from services.cli.stack import marks, supervisor
from services.cli.stack.place import Unit, choose_ports, gateway_url, log_file, make_secrets, ports, units
from services.edge import topic_check
from services.edge.broker import running_broker, start_broker, stop_broker
from services.edge.broker.jars import Watch, unseen
from services.edge.kafka import KafkaSettings, admin
from services.edge.topics import Topics, TopicSettings

Say = Callable[[str], None]

_READY_SECONDS = 90.0
_REBUILD = ("live_views",)  # rebuilt from the log on each start: a long log must not hold up everything else
_REBUILD_SECONDS = 10.0
_DOWN_SECONDS = 28.0
_PAUSE_SECONDS = 0.1
_MANY_RESTARTS = 3
_ASK_SECONDS = 2.0


class StackError(Exception):
    """The stack cannot be brought up; the message says which part and where to look."""


class Stack(NamedTuple):
    """A running stack."""

    bootstrap: str
    gateway: str
    units: tuple[str, ...]
    seconds: float
    rebuilding: tuple[str, ...] = ()
    """Units that run and still fold the log into what they show."""


def silent(_: str) -> None:
    """Say nothing."""


def bring_up(home: Path, workers: int = 1, say: Say = silent, watch: Watch = unseen) -> Stack:
    """Start what does not run yet and wait until all is ready; raises StackError, BrokerError, JavaError, JarsError.

    A stack that runs already is left as it is, whatever `workers` says. Views that are rebuilt from a long log are
    waited for no longer than 10 s; `rebuilding` names them.
    """
    began = time.monotonic()
    say("starting Kafka")
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or start_broker(home, None, watch).bootstrap
    say("creating topics")
    asyncio.run(_apply_topics(bootstrap))
    make_secrets(home)
    if marks.process_of(marks.read(home, supervisor.NAME)) is None:
        _stop_units(home, marks.every(home))  # what a killed supervisor has left
        choose_ports(home, units(workers))
        _start_supervisor(home, workers)
    wanted = _expected(home)
    rebuilding = _wait_ready(home, wanted, say)
    names = tuple(unit.name for unit in wanted)
    return Stack(bootstrap, gateway_url(home), names, time.monotonic() - began, rebuilding)


def bring_down(home: Path, *, broker: bool = True) -> bool:
    """Stop all services, then the local broker; return whether anything ran. Takes less than 30 s."""
    keeper = marks.read(home, supervisor.NAME)
    ran = marks.process_of(keeper) is not None
    if keeper is not None:
        marks.send(keeper, signal.SIGTERM)
        _await_end([keeper], _DOWN_SECONDS)
    ran = _stop_units(home, marks.every(home)) or ran
    return (stop_broker(home) if broker and running_broker(home) else False) or ran


def readiness(home: Path, unit: str) -> str:
    """Return why a unit is not ready; empty when it is."""
    port = ports(home).get(f"{unit}.health")
    if port is None:
        return "has no health port"
    return ask(port, "/readyz")


def ask(port: int, path: str) -> str:
    """Return the answer of a health port that is not 200; empty for 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ASK_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read(300).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException):
        return "does not answer"
    finally:
        connection.close()
    return "" if response.status == http.client.OK else text or f"status {response.status}"


def _expected(home: Path) -> tuple[Unit, ...]:
    """Return the units that the running supervisor keeps: those that were given ports."""
    engines = sum(name.startswith("deal_stream-") for name in ports(home))
    return units(engines)


async def _apply_topics(bootstrap: str) -> None:
    client = admin(KafkaSettings(bootstrap_servers=bootstrap))
    await client.start()
    try:
        await topic_check.apply(client, Topics.of(TopicSettings()).declared())
    finally:
        await client.close()


def _start_supervisor(home: Path, workers: int) -> None:
    path = log_file(home, supervisor.NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        started = subprocess.Popen(  # noqa: S603  # every argument is made here
            [sys.executable, "-m", supervisor.__name__, str(home), str(workers)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    marks.write(home, supervisor.NAME, started.pid)


def _wait_ready(home: Path, wanted: Sequence[Unit], say: Say) -> tuple[str, ...]:
    """Wait until all is ready, or all but what rebuilds; return that."""
    began = time.monotonic()
    waiting = {unit.name: "starting" for unit in wanted}
    while time.monotonic() < began + _READY_SECONDS:
        waiting = {name: why for name in waiting if (why := readiness(home, name))}
        patient = time.monotonic() < began + _REBUILD_SECONDS
        if all(name in _REBUILD and not patient and _is_alive(home, name) for name in waiting):
            return tuple(waiting)
        say("waiting for " + ", ".join(waiting))
        _stop_waiting_for_the_dead(home, waiting)
        time.sleep(_PAUSE_SECONDS)
    raise StackError(_told(home, waiting))


def _is_alive(home: Path, unit: str) -> bool:
    return not ask(ports(home)[f"{unit}.health"], "/livez")


def _stop_waiting_for_the_dead(home: Path, waiting: dict[str, str]) -> None:
    if marks.process_of(marks.read(home, supervisor.NAME)) is None:
        raise StackError(f"the supervisor has ended: see {log_file(home, supervisor.NAME)}")
    dying = {name: f"ended {mark.restarts} times" for name in waiting
             if (mark := marks.read(home, name)) and mark.restarts >= _MANY_RESTARTS}  # fmt: skip
    if dying:
        raise StackError(_told(home, dying))


def _told(home: Path, waiting: dict[str, str]) -> str:
    return "\n".join(f"{name} is not ready: {why}; see {log_file(home, name)}" for name, why in waiting.items())


def _stop_units(home: Path, running: Sequence[marks.Mark]) -> bool:
    """Stop processes that no supervisor keeps; return whether there were any."""
    live = [mark for mark in running if marks.process_of(mark) is not None]
    for mark in live:
        marks.send(mark, signal.SIGTERM)
    for mark in _await_end(live, supervisor.STOP_SECONDS):
        marks.send(mark, signal.SIGKILL)
    for mark in running:
        marks.forget(home, mark.name)
    return bool(live)


def _await_end(running: Sequence[marks.Mark], seconds: float) -> list[marks.Mark]:
    """Return the processes that still run when the time is up."""
    end = time.monotonic() + seconds
    left = [mark for mark in running if marks.process_of(mark) is not None]
    while left and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
        left = [mark for mark in left if marks.process_of(mark) is not None]
    return left
