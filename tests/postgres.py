"""A throwaway PostgreSQL for tests marked `postgres`.

Use it with `pytest_plugins = ["tests.postgres"]` or by importing the fixtures `postgres_server` and `postgres_url`.
`STAGEWIRE_TEST_POSTGRES` names a server to use (a URL whose user may create databases); else a cluster is made from
the binaries under `/usr/lib/postgresql`. Where there is neither, the tests are skipped and say so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from services.edge.ports import free_port

_OPTIONS = "-c fsync=off -c max_connections=60 -c shared_buffers=32MB -c listen_addresses=127.0.0.1"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the URL of a server without a database name: `postgresql://user@host:port/`."""
    given = os.environ.get("STAGEWIRE_TEST_POSTGRES")
    if given:
        yield given.rstrip("/") + "/"
        return
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        pytest.skip("no PostgreSQL: set STAGEWIRE_TEST_POSTGRES or install the package postgresql")
    with _cluster(binaries[-1].parent) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Yield the URL of an empty database that is dropped after the test."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server + "postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server + name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _cluster(binaries: Path) -> Iterator[str]:
    home = Path(tempfile.mkdtemp(prefix="stagewire-pg-"))
    user = _owner(home)
    data, port = home / "data", free_port()
    _as(user, binaries / "initdb", "-D", data, "-U", "stagewire", "-A", "trust", "--no-sync")
    options = f"{_OPTIONS} -c port={port} -c unix_socket_directories={home}"
    _as(user, binaries / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start")
    try:
        yield f"postgresql://stagewire@127.0.0.1:{port}/"
    finally:
        _as(user, binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


def _owner(home: Path) -> str | None:
    """Return the user to run the server as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam("postgres")
    os.chown(home, account.pw_uid, account.pw_gid)
    return account.pw_name


def _as(user: str | None, *command: object) -> None:
    subprocess.run(
        [str(part) for part in command], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, timeout=60
    )
