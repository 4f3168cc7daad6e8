"""The registry that lives in the repository: `registry.json` beside the schemas, released ones included."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.edge.codec.errors import SchemaError
from services.edge.codec.ids import Registered, Registry
from services.edge.codec.normal import normal
from services.edge.codec.rest_registry import RestRegistry

SCHEMA_FOLDER = Path(__file__).resolve().parents[3] / "schemas" / "avro"
"""Beside the packages, in a checkout as in an installation."""

LEDGER = "registry.json"
"""`{"next": id, "schemas": {id: {"subject": full name, "version": n, "file": path below the folder}}}`."""


class FolderRegistry:
    """The registry that lives in the repository: `registry.json` beside the schemas, released ones included."""

    def __init__(self, folder: Path = SCHEMA_FOLDER) -> None:
        self._folder = folder
        ledger = json.loads((folder / LEDGER).read_text())
        self._next = int(ledger["next"])
        self._entries: dict[int, Mapping[str, Any]] = {int(key): entry for key, entry in ledger["schemas"].items()}
        self._current = {entry["subject"]: key for key, entry in sorted(self._entries.items())}
        self._loaded: dict[int, Registered] = {}

    def current(self, subject: str) -> Registered:
        """Return the newest schema of a subject."""
        schema_id = self._current.get(subject)
        found = None if schema_id is None else self.find(schema_id)
        if found is None:
            raise SchemaError(f"no schema for {subject}; run `stagewire schemas write`")
        return found

    def find(self, schema_id: int) -> Registered | None:
        """Return the schema of an id of the ledger."""
        entry = self._entries.get(schema_id)
        if entry is None:
            return None
        if schema_id not in self._loaded:
            schema = normal(json.loads((self._folder / entry["file"]).read_text()))
            self._loaded[schema_id] = Registered(schema_id, entry["subject"], schema)
        return self._loaded[schema_id]

    def is_ours(self, schema_id: int) -> bool:
        """Ids are counted, so those just above the last one belong to the next release."""
        return self._next <= schema_id < self._next + 1_000


@lru_cache(maxsize=1)
def repository() -> Registry:
    """Return the Schema Registry of `SCHEMA_REGISTRY_URL`, or else the schemas shipped with this release."""
    url = os.environ.get("SCHEMA_REGISTRY_URL", "")
    return RestRegistry(url) if url else FolderRegistry()
