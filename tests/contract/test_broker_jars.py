"""The lock of the local broker's jars, and the refusal of anything else."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from services.edge.broker.download import adopt, fetch
from services.edge.broker.jars import Jar, JarsError, missing, read_lock

CONTENT = b"not really a jar"


@pytest.fixture
def jar() -> Jar:
    """A pinned jar with the content above."""
    return Jar("org.example", "thing", "1.0", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def test_the_lock_pins_the_whole_broker_with_a_checksum_each() -> None:
    """Kafka, its runtime and one log binding; no two jars of one name."""
    jars = read_lock()
    assert ("org.apache.kafka", "kafka_2.13", "4.4.0") in {(j.group, j.artifact, j.version) for j in jars}
    assert "slf4j-simple" in {j.artifact for j in jars}
    assert len({j.file for j in jars}) == len({j.sha256 for j in jars}) == len(jars) == 45


def test_a_line_without_checksum_is_refused(tmp_path: Path) -> None:
    """A lock that pins nothing is no lock."""
    lock = tmp_path / "lock"
    lock.write_text("org.example:thing:1.0 - 16\n")
    with pytest.raises(JarsError, match="cannot read"):
        read_lock(lock)


def test_a_download_with_another_checksum_never_reaches_the_cache(tmp_path: Path, jar: Jar) -> None:
    """Same size, other bytes: refused with both checksums named."""
    arrived = tmp_path / "arrived"
    arrived.write_bytes(CONTENT[::-1])
    with pytest.raises(JarsError, match=jar.sha256):
        adopt(jar, arrived, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_jar_that_was_altered_in_the_cache_counts_as_missing(tmp_path: Path, jar: Jar) -> None:
    """The cache is checked at every start, not only at the download."""
    (tmp_path / jar.file).write_bytes(CONTENT)
    assert missing((jar,), tmp_path) == ()
    (tmp_path / jar.file).write_bytes(CONTENT[::-1])
    assert missing((jar,), tmp_path) == (jar,)


@pytest.fixture
def repository(tmp_path: Path, jar: Jar, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Maven repository on this machine that is set as ours; yields the file that it serves as the jar."""
    served = tmp_path / "repository" / "org" / "example" / "thing" / "1.0" / jar.file
    served.parent.mkdir(parents=True)
    served.write_bytes(CONTENT)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "repository")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("STAGEWIRE_MAVEN_REPOSITORY", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield served
        server.shutdown()


def test_a_jar_is_fetched_from_the_repository_that_is_set(tmp_path: Path, jar: Jar, repository: Path) -> None:
    """It arrives in the cache alone, with every byte reported."""
    pieces: list[int] = []
    fetch((jar,), tmp_path / "cache", pieces.append)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [jar.file]
    assert sum(pieces) == len(CONTENT)


def test_a_repository_that_serves_other_bytes_is_refused(tmp_path: Path, jar: Jar, repository: Path) -> None:
    """The lock is trusted, not the repository."""
    repository.write_bytes(b"something evil!!")
    with pytest.raises(JarsError, match="checksum"):
        fetch((jar,), tmp_path / "cache", lambda _size: None)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_jar_that_the_repository_lacks_is_an_error_that_names_the_settings(
    tmp_path: Path, jar: Jar, repository: Path
) -> None:
    """Who has no way to the public repository learns what to set."""
    with pytest.raises(JarsError, match="STAGEWIRE_MAVEN_REPOSITORY"):
        fetch((jar._replace(version="2.0"),), tmp_path / "cache", lambda _size: None)
