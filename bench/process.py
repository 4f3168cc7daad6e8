"""The peer's process: pinned to a core of its own, watched, and stopped at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peer import Peer

HARNESS_CORE, PEER_CORE = 0, 1  # the broker shares the harness's core
STOP_WITHIN = 10  # seconds from SIGTERM to SIGKILL


class PeerFailedError(Exception):
    """The peer stopped by itself or made no progress; the message has the end of its log."""


def pin(core: int) -> None:
    """Keep the calling process, and what it starts, on one core where there are two at least."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > PEER_CORE:
        os.sched_setaffinity(0, {core})


def pin_beside() -> None:
    """Keep the calling process off the harness's core, if the harness keeps to one."""
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) == 1:
        pin(PEER_CORE)


class Running:
    """A started peer."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far, in steps of 10 ms; 0 where there is no /proc."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def must_live(self) -> None:
        """Raise `PeerFailedError` if it has ended."""
        if self._process.poll() is not None:
            raise self.failed(f"ended with status {self._process.returncode}")

    def failed(self, how: str) -> PeerFailedError:
        """The error to raise, with the last lines of the log."""
        return PeerFailedError(f"{self._name} {how}\n{self._log.read_text(errors='replace')[-2000:]}")


@contextmanager
def started(peer: Peer, argv: list[str], partitions: int) -> Iterator[Running]:
    """Run the peer in an empty folder for its state, with its output in a log."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{peer.name}-") as home:
        log = Path(home) / "log"
        state = Path(home) / "state"
        state.mkdir()
        env = os.environ | {"BENCH_STATE": str(state), "BENCH_PARTITIONS": str(partitions)} | dict(peer.env)
        with log.open("wb") as out:
            process = subprocess.Popen(
                argv,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=home,
                env=env,
                preexec_fn=pin_beside,  # noqa: PLW1509  # no threads in the harness
            )
        try:
            yield Running(peer.name, process, log)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
