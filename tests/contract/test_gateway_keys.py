"""API keys: only their hashes are kept, and the local run gets one by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.edge.clock import SetClock
from services.gateway import local
from services.gateway.keys import ROLES, Caller, SqlKeys, new_key
from services.gateway.store import open_store
from services.payment_tracker.webhook_secrets import WebhookSecrets

pytest_plugins = ["tests.postgres", "tests.databases"]


def test_a_key_leads_to_its_tenant_and_roles(database):
    """A key that was made is found; another one, and its beginning, are not."""
    keys, key = SqlKeys(database, SetClock(1)), new_key()
    keys.add(key, "acme", "shop", ["write", "read"])
    assert keys.find(key) == Caller("acme", "shop", frozenset({"read", "write"}))
    assert keys.known(key) == keys.find(key)
    assert [keys.find(other) for other in (new_key(), key[:-1], key + "x", "", "sw_")] == [None] * 5


def test_a_revoked_key_is_found_no_more(database):
    """Revoking goes by tenant and name, and leaves the other tenant's key of that name."""
    keys, mine, other = SqlKeys(database, SetClock(1)), new_key(), new_key()
    keys.add(mine, "acme", "shop", ["read"])
    keys.add(other, "other", "shop", ["read"])
    assert (keys.revoke("acme", "shop"), keys.revoke("acme", "shop")) == (1, 0)
    assert (keys.find(mine), keys.find(other) is None) == (None, False)


@pytest.mark.parametrize(("tenant", "role"), [("a/b", "read"), ("", "read"), ("..", "read"), ("acme", "admin")])
def test_a_strange_tenant_or_role_gets_no_key(database, tenant, role):
    """A tenant is part of Kafka keys and paths; roles are a closed set."""
    with pytest.raises(ValueError, match=r"tenant|role"):
        SqlKeys(database, SetClock(1)).add(new_key(), tenant, "x", [role])


def test_the_local_run_gets_a_key_and_secrets_once(tmp_path: Path):
    """A second start finds what the first made; only the owner reads it, and the database holds no key."""
    store = open_store(f"sqlite:///{tmp_path}/g.db")
    first, second = local.prepare(tmp_path, store), local.prepare(tmp_path, store)
    assert first.key() == second.key()
    caller = SqlKeys(store, SetClock(1)).find(first.key())
    assert caller == Caller("acme", "local", frozenset(ROLES))
    for name in (local.KEY_FILE, local.SECRETS_FILE):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert WebhookSecrets.read(tmp_path / local.SECRETS_FILE).of("acme", "simulated")
    store.close()
    assert all(first.key().encode() not in file.read_bytes() for file in tmp_path.glob("g.db*"))
