"""What a peer is, and how one is found: a folder in `bench/peers/` whose `peer.py` exports `PEER`."""

from __future__ import annotations

import hashlib
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import bench.peers
from bench import workload
from bench.workload import Record

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stagewire" / "bench"


class UnavailableError(Exception):
    """This machine lacks what the peer needs; the run goes on without it."""


class Seen(NamedTuple):
    """What the harness reads from an output record: its identity, and the change's `occurred_at` (ms)."""

    event_id: str
    occurred_at: int


def _seen(value: bytes) -> Seen:
    event = workload.EVENT.decode(value)
    return Seen(event["event_id"], event["occurred_at"])


@dataclass(frozen=True, slots=True)
class Peer:
    """A program under test.

    `command` gets (bootstrap servers, input topic, output topic, number of changes) and returns the argv of
    a process that works until it is stopped; its consumer group must be new for every input topic. The
    process finds `BENCH_PARTITIONS` and `BENCH_STATE` (an empty folder of its own) in the environment.
    The last four fields are for a program that speaks another schema than `workload`: how a change is keyed
    and written, how an output is read, and how many outputs the changes make (None: not known, so nothing is
    said about lost events).
    """

    name: str
    about: str
    prepare: Callable[[], None]
    command: Callable[[str, str, str, int], Sequence[str]]
    env: Mapping[str, str] = field(default_factory=dict)
    key: Callable[[Record], bytes] = workload.key_of
    encode: Callable[[Record], bytes] = workload.CHANGE.encode
    read: Callable[[bytes], Seen] = _seen
    expected: Callable[[Sequence[Record]], int] | None = workload.expected_events


def load_peers(names: Sequence[str] = ()) -> list[Peer]:
    """The peers of `bench/peers/`, all or those named, by name; an unknown name is a `KeyError`."""
    folders = [found.name for found in pkgutil.iter_modules(bench.peers.__path__) if found.ispkg]
    if unknown := set(names) - set(folders):
        raise KeyError(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(sorted(folders))}")
    return [_load(folder) for folder in sorted(folders) if not names or folder in names]


def _load(folder: str) -> Peer:
    peer = importlib.import_module(f"bench.peers.{folder}.peer").PEER
    if not isinstance(peer, Peer) or peer.name != folder:
        raise TypeError(f"bench/peers/{folder}/peer.py must export PEER, a Peer named {folder}")
    return peer


def python_peer(name: str, about: str, expected: Callable[[Sequence[Record]], int] = workload.expected_events) -> Peer:
    """A peer whose folder holds an `app.py` and a pinned `requirements.txt`, run in a virtualenv of its own."""
    python = CACHE / name / "bin" / "python"

    def command(bootstrap: str, in_topic: str, out_topic: str, n: int) -> Sequence[str]:
        return [str(python), "-m", f"bench.peers.{name}.app", bootstrap, in_topic, out_topic, str(n)]

    return Peer(name, about, lambda: _make_virtualenv(name), command, {"PYTHONPATH": str(ROOT)}, expected=expected)


def _make_virtualenv(name: str) -> None:
    wanted = ROOT / "bench" / "peers" / name / "requirements.txt"
    home = CACHE / name
    stamp = home / "installed"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    say(f"{name}: installing its requirements into {home}")
    run([sys.executable, "-m", "venv", "--clear", str(home)])
    run([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(wanted)])
    stamp.write_text(digest)


def run(argv: Sequence[str]) -> None:
    """Run a step of a preparation; if it fails, the peer is `UnavailableError` and the last lines say why."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"{Path(argv[0]).name} failed: {(done.stderr or done.stdout).strip()[-400:]}")


def say(line: str) -> None:
    """Tell what goes on, apart from the table."""
    print(f"# {line}", file=sys.stderr, flush=True)
