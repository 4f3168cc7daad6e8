"""The secrets that connections refer to by name, from a file that only the services may read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr, TypeAdapter

_FILE = TypeAdapter(dict[str, dict[str, SecretStr]])


class ConnectionSecrets:
    """Secrets by tenant and name: a tenant's connection can name its own ones only."""

    def __init__(self, secrets: Mapping[str, Mapping[str, SecretStr]]) -> None:
        self._secrets = secrets

    @classmethod
    def read(cls, path: Path) -> ConnectionSecrets:
        """Read JSON `{tenant: {name: secret}}`; no file means no secrets. Raises `ValueError` that shows none."""
        if not path.exists():
            return cls({})
        try:
            return cls(_FILE.validate_json(path.read_bytes()))
        except ValueError:
            raise ValueError(f"{path.name} is not JSON of tenant, name and secret") from None

    def of(self, tenant: str, name: str) -> str:
        """Return a secret, empty if there is none of this name."""
        found = self._secrets.get(tenant, {}).get(name)
        return found.get_secret_value() if found else ""
