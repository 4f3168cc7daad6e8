"""What is remembered of a local broker between commands: its ports, its process, its cluster id."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

_SAME_START_SECONDS = 2.0  # the kernel's boot time, from which the start is reckoned, is rounded


class BrokerError(Exception):
    """The local broker cannot do what was asked; the message says why and what to do."""


class BrokerState(BaseModel):
    """Content of `state.json`; `pid` is None when the broker was stopped."""

    model_config = ConfigDict(frozen=True, strict=True)

    port: int
    controller_port: int
    cluster_id: str
    pid: int | None = None
    started: float | None = None  # seconds since the epoch, as the system counts the process's start


def home_dir() -> Path:
    """Return the folder of everything that this machine keeps: STAGEWIRE_HOME, else `.stagewire` here."""
    return Path(os.environ.get("STAGEWIRE_HOME") or ".stagewire").absolute()


def broker_dir(home: Path) -> Path:
    """Return the local broker's folder in `home`."""
    return home.absolute() / "broker"


def load(home: Path) -> BrokerState | None:
    """Return what is remembered, None where no broker was ever started; BrokerError for a damaged file."""
    path = broker_dir(home) / "state.json"
    try:
        return BrokerState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as problem:
        raise BrokerError(f"{path} is damaged: `stagewire broker reset` starts anew ({problem})") from problem


def save(home: Path, state: BrokerState) -> None:
    """Remember `state`; a reader sees the old file or the new one, never a part."""
    path = broker_dir(home) / "state.json"
    draft = path.with_suffix(".new")
    draft.write_text(state.model_dump_json(), "utf-8")
    draft.replace(path)


def process_of(state: BrokerState | None) -> psutil.Process | None:
    """Return the live process of `state`; None if it ended, even if its number went to somebody else."""
    if state is None or state.pid is None or state.started is None:
        return None
    try:
        process = psutil.Process(state.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        same = abs(process.create_time() - state.started) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if alive and same else None
