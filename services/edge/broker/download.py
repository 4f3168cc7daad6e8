"""Fetch pinned jars from a Maven repository."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests
from jgo.maven import MavenContext, PythonResolver

from services.edge.broker.jars import Jar, JarsError, Progress, sha256

_AT_ONCE = 6
_TIMEOUT_SECONDS = 60


def fetch(jars: tuple[Jar, ...], folder: Path, progress: Progress) -> None:
    """Download `jars` into `folder`, several at a time; each appears there only when its checksum is right.

    The repository is STAGEWIRE_MAVEN_REPOSITORY, else the public one that `jgo` knows. Proxies and
    certificates are those of the environment. Raises JarsError.
    """
    _trust_what_other_tools_trust()
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        context = _maven(Path(scratch), progress)
        for done in [pool.submit(_fetch_one, jar, folder, context) for jar in jars]:
            done.result()


def _trust_what_other_tools_trust() -> None:
    """Let `requests` use the certificates that Python's own TLS and pip were told to use."""
    if "CURL_CA_BUNDLE" in os.environ:  # requests reads this one by itself
        return
    if told := os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT"):
        os.environ.setdefault("REQUESTS_CA_BUNDLE", told)


def _fetch_one(jar: Jar, folder: Path, context: MavenContext) -> None:
    try:
        arrived = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (requests.RequestException, RuntimeError) as problem:
        raise JarsError(
            f"cannot fetch {jar.group}:{jar.artifact}:{jar.version}: {problem}. "
            "Set STAGEWIRE_MAVEN_REPOSITORY to a repository that this machine reaches, "
            "or KAFKA_BOOTSTRAP_SERVERS to a cluster that already runs."
        ) from problem
    adopt(jar, arrived, folder)


def adopt(jar: Jar, arrived: Path, folder: Path) -> None:
    """Move a downloaded file into the cache, if it is what the lock pins; else JarsError."""
    if (got := sha256(arrived)) != jar.sha256:
        raise JarsError(f"{jar.file}: checksum is {got}, the lock pins {jar.sha256}; the download is refused")
    arrived.replace(folder / jar.file)


def _maven(scratch: Path, progress: Progress) -> MavenContext:
    @contextmanager
    def watch(_name: str, _total: int) -> Iterator[Progress]:
        yield progress

    own = os.environ.get("STAGEWIRE_MAVEN_REPOSITORY")
    return MavenContext(
        resolver=PythonResolver(progress_callback=watch),
        repo_cache=scratch,
        local_repos=[],
        remote_repos={"own": own.rstrip("/")} if own else None,
        timeout=_TIMEOUT_SECONDS,
    )
