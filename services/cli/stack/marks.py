"""Who runs: one small file per process, with its number and its start, so that a reused number is not mistaken."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from services.cli.stack.place import run_dir

_SAME_START_SECONDS = 2.0  # the kernel's boot time, from which the start is reckoned, is rounded


class Mark(BaseModel):
    """What is known of a process that was started; `started` in seconds since the epoch, as the system counts."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    started: float
    restarts: int = 0


def write(home: Path, name: str, pid: int, restarts: int = 0) -> None:
    """Remember a process; a reader sees the old file or the new one."""
    mark = Mark(name=name, pid=pid, started=psutil.Process(pid).create_time(), restarts=restarts)
    path = run_dir(home) / f"{name}.pid.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(mark.model_dump_json(), "utf-8")
    draft.replace(path)


def forget(home: Path, name: str) -> None:
    """Forget a process that was stopped on purpose."""
    (run_dir(home) / f"{name}.pid.json").unlink(missing_ok=True)


def read(home: Path, name: str) -> Mark | None:
    """Return what is remembered; None for nothing, or for a damaged file."""
    try:
        return Mark.model_validate_json((run_dir(home) / f"{name}.pid.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def every(home: Path) -> list[Mark]:
    """Return all processes that are remembered, the supervisor included."""
    names = [path.name.removesuffix(".pid.json") for path in run_dir(home).glob("*.pid.json")]
    return [mark for name in sorted(names) if (mark := read(home, name)) is not None]


def process_of(mark: Mark | None) -> psutil.Process | None:
    """Return the live process of a mark; None if it ended, even if its number went to somebody else."""
    if mark is None:
        return None
    try:
        process = psutil.Process(mark.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        same = abs(process.create_time() - mark.started) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if alive and same else None


def send(mark: Mark, number: signal.Signals) -> None:
    """Signal a process that was started by us, and with SIGKILL its whole group."""
    if process_of(mark) is None:
        return
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        if number == signal.SIGKILL:
            os.killpg(mark.pid, number)
        else:
            os.kill(mark.pid, number)
