"""The local run: a first API key, and webhook secrets for the providers of one tenant."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from services.edge.clock import SystemClock
from services.edge.sql import Database
from services.gateway.keys import ROLES, SqlKeys, new_key

KEY_FILE = "api-key"
SECRETS_FILE = "webhook_secrets.json"
TENANT = "acme"
_PROVIDERS = ("simulated", "generic")


class LocalAccess(NamedTuple):
    """Where the local run's key is, and for which tenant."""

    tenant: str
    key_file: Path

    def key(self) -> str:
        """Return the key."""
        return self.key_file.read_text("utf-8").strip()


def prepare(home: Path, database: Database, tenant: str = TENANT) -> LocalAccess:
    """Make what is missing and keep what is there; files are readable by their owner alone.

    The key of `<home>/api-key` has every role and is known to the gateway's database afterwards.
    """
    home.mkdir(parents=True, exist_ok=True)
    access = LocalAccess(tenant, home / KEY_FILE)
    _write_once(access.key_file, new_key() + "\n")
    SqlKeys(database, SystemClock()).add(access.key(), tenant, "local", ROLES)
    made = {tenant: {name: [secrets.token_urlsafe(32)] for name in _PROVIDERS}}
    _write_once(home / SECRETS_FILE, json.dumps(made, indent=2) + "\n")
    return access


def _write_once(path: Path, text: str) -> None:
    """Write a file unless it exists; two that start at once leave one complete file."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
