"""The types of records of this release: each folder below `types/` exports one `RECORD`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType, ModuleType

from automation.envelope import CRM_ALL
from automation.records import types
from automation.records.model import RecordType


class RecordTypeError(Exception):
    """A folder has no `RECORD`, or its type is not the folder's name or is that of an item: stop at start."""


def load(package: ModuleType) -> Mapping[str, RecordType]:
    """Return the types of records below a package; raises `RecordTypeError` naming the folder at fault."""
    found: dict[str, RecordType] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}.record")
        record = getattr(module, "RECORD", None)
        if not isinstance(record, RecordType) or record.name != info.name or record.name in CRM_ALL:
            raise RecordTypeError(f"{module.__name__} exports no RECORD of the type {info.name}")
        found[record.name] = record
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def record_types() -> Mapping[str, RecordType]:
    """Return all types of records, by type."""
    return load(types)
