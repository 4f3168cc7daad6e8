"""The pinned jars of the local broker: the lock, the cache, and what of it is intact."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

LOCK = Path(__file__).with_name("kafka-jars.lock")
_LINE = re.compile(r"([\w.-]+):([\w.-]+):([\w.-]+) ([0-9a-f]{64}) (\d+)")


class JarsError(Exception):
    """The jars are not there, or not what the lock says; the message tells the way out."""


class Jar(NamedTuple):
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        """Return the jar's name in the cache."""
        return f"{self.artifact}-{self.version}.jar"


class Progress(Protocol):
    """Told of every piece that arrives."""

    def __call__(self, size: int, /) -> None:
        """Take note of `size` more bytes."""


def read_lock(lock: Path = LOCK) -> tuple[Jar, ...]:
    """Return the jars that the lock pins; JarsError for a line that is not `group:artifact:version sha256 bytes`."""
    lines = (line for line in lock.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return tuple(_parse(line) for line in lines)


def _parse(line: str) -> Jar:
    found = _LINE.fullmatch(line)
    if found is None:
        raise JarsError(f"{LOCK.name}: cannot read {line!r}")
    group, artifact, version, sha256, size = found.groups()
    return Jar(group, artifact, version, sha256, int(size))


def cache_dir() -> Path:
    """Return the per-user cache: STAGEWIRE_CACHE, or the platform's usual place."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("STAGEWIRE_CACHE") or usual / "stagewire")


def missing(jars: tuple[Jar, ...], folder: Path) -> tuple[Jar, ...]:
    """Return the jars that `folder` lacks or holds with other bytes than the lock's."""
    return tuple(jar for jar in jars if not _intact(folder / jar.file, jar))


def _intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and path.stat().st_size == jar.size and sha256(path) == jar.sha256


def sha256(path: Path) -> str:
    """Return a file's checksum in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Watch(Protocol):
    """Opens the display of a download of so many bytes."""

    def __call__(self, total: int, /) -> AbstractContextManager[Progress]:
        """Return what is told of the pieces."""


@contextmanager
def unseen(_total: int) -> Iterator[Progress]:
    """Show nothing."""
    yield lambda _size: None


def class_path(watch: Watch = unseen) -> tuple[Path, ...]:
    """Return the checked jars of the broker, fetched first where the cache lacks them."""
    jars, folder = read_lock(), cache_dir() / "jars"
    if lacking := missing(jars, folder):
        from services.edge.broker.download import fetch  # noqa: PLC0415  # once per machine, and slow to import

        with watch(sum(jar.size for jar in lacking)) as progress:
            fetch(lacking, folder, progress)
    return tuple(folder / jar.file for jar in jars)
