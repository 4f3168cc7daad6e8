"""Start, stop, pause, kill and wipe the local broker: a single Apache Kafka node on the loopback interface."""

from __future__ import annotations

import base64
import fcntl
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from services.edge.broker import config
from services.edge.broker.jars import Watch, class_path, unseen
from services.edge.broker.java import find_java
from services.edge.broker.probe import wait_until_ready
from services.edge.broker.state import BrokerError, BrokerState, broker_dir, load, process_of, save
from services.edge.ports import free_port, is_free

_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0
_PAUSE_SECONDS = 0.005
_LARGEST_LOG = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that answers; `home` starts it again on the same port and data."""

    home: Path
    bootstrap: str
    pid: int

    def pause(self) -> None:
        """Freeze the process (SIGSTOP) and return when it stands: it keeps its connections and answers nothing."""
        process = self._process()
        process.suspend()
        end = time.monotonic() + _STOP_SECONDS
        while process.status() != psutil.STATUS_STOPPED and time.monotonic() < end:
            time.sleep(_PAUSE_SECONDS)  # the signal takes effect a moment after it was sent

    def resume(self) -> None:
        """Let a paused process go on."""
        self._process().resume()

    def kill(self) -> None:
        """End the process at once (SIGKILL), as a crash does; data and port stay."""
        process = self._process()
        process.kill()
        process.wait(_STOP_SECONDS)

    def stop(self) -> None:
        """End the process in order; data and port stay."""
        stop_broker(self.home)

    def rss(self) -> int:
        """Return the memory that the process occupies, in bytes."""
        return int(self._process().memory_info().rss)

    def _process(self) -> psutil.Process:
        state = load(self.home)
        process = process_of(state)
        if process is None or process.pid != self.pid:
            raise BrokerError(f"the broker with process number {self.pid} no longer runs")
        return process


def running_broker(home: Path) -> RunningBroker | None:
    """Return the broker of `home` if its process lives."""
    state = load(home)
    process = process_of(state)
    if state is None or process is None:
        return None
    return RunningBroker(home, config.bootstrap(state.port), process.pid)


def start_broker(home: Path, port: int | None = None, watch: Watch = unseen) -> RunningBroker:
    """Start the broker of `home`, or return the one that runs, when it answers.

    Keeps port and data of the run before; takes free ports on the first one. Blocks for some seconds: an
    event loop calls it through `asyncio.to_thread`. Raises BrokerError, JavaError, JarsError.
    """
    with _alone(home):
        return running_broker(home) or _start(home, port, watch)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let one process at a time start the broker of `home`; the lock goes with the process that holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "broker.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(home: Path, port: int | None, watch: Watch) -> RunningBroker:
    java, jars = find_java(), class_path(watch)
    folder = broker_dir(home)
    folder.mkdir(parents=True, exist_ok=True)
    state = _with_ports(load(home), port)
    (folder / "server.properties").write_text(
        config.properties(folder / "data", state.port, state.controller_port), "utf-8"
    )
    command = config.jvm(java, jars)
    if not (folder / "data" / "meta.properties").exists():
        _format(command, folder, state.cluster_id)
    return _launch(command, home, state)


def stop_broker(home: Path) -> bool:
    """Stop the broker of `home`: SIGTERM, and SIGKILL after 20 s. Return whether one ran."""
    state = load(home)
    process = process_of(state)
    if state is None or process is None:
        return False
    process.resume()  # a paused process would not see the request to end
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(_STOP_SECONDS)
    save(home, state.model_copy(update={"pid": None, "started": None}))
    return True


def reset_broker(home: Path) -> bool:
    """Stop the broker of `home` and delete its data and ports. Return whether there was anything."""
    folder = broker_dir(home)
    if not folder.exists():
        return False
    if (folder / "state.json").exists():
        stop_broker(home)
    shutil.rmtree(folder)
    return True


def _with_ports(state: BrokerState | None, wanted: int | None) -> BrokerState:
    """Return the state to start with: the ports of before as long as they are free."""
    if wanted is not None and not is_free(wanted):
        raise BrokerError(f"port {wanted} is taken: name another, or none for a free one")
    port, controller = (state.port, state.controller_port) if state else (0, 0)
    cluster = state.cluster_id if state else _new_cluster_id()
    chosen = wanted or _kept_or_free(port)
    return BrokerState(port=chosen, controller_port=_kept_or_free(controller, chosen), cluster_id=cluster)


def _kept_or_free(port: int, *taken: int) -> int:
    return port if port and port not in taken and is_free(port) else free_port(taken)


def _new_cluster_id() -> str:
    """Return a random id as Kafka writes them: 22 characters, the first of them no dash (it is an argument)."""
    made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return made if made[0] != "-" else "A" + made[1:]


def _format(command: list[str], folder: Path, cluster_id: str) -> None:
    arguments = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", "server.properties"]
    done = subprocess.run(  # noqa: S603  # every argument is made here
        [*command, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BrokerError(f"the data folder cannot be prepared: {done.stderr.strip() or done.stdout.strip()}")


def _launch(command: list[str], home: Path, state: BrokerState) -> RunningBroker:
    folder = broker_dir(home)
    with _open_log(folder / "kafka.log") as log:
        process = subprocess.Popen(  # noqa: S603  # every argument is made here
            [*command, "kafka.Kafka", "server.properties"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal ends what runs there, not the broker
        )
    started = psutil.Process(process.pid).create_time()
    save(home, state.model_copy(update={"pid": process.pid, "started": started}))
    bootstrap = config.bootstrap(state.port)
    if not wait_until_ready(bootstrap, _READY_SECONDS, lambda: process.poll() is None):
        stop_broker(home)
        raise BrokerError(f"the broker did not start:\n{_tail(folder / 'kafka.log')}")
    return RunningBroker(home, bootstrap, process.pid)


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _tail(path: Path, lines: int = 12) -> str:
    return "\n".join(path.read_text("utf-8", "replace").splitlines()[-lines:])
