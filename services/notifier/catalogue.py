"""The channels and providers of this release: the files of `channels/` and `providers/` are the lists."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType
from typing import Protocol, TypeVar

from services.notifier import channels, providers
from services.notifier.channel import ChannelEntry
from services.notifier.provider import ProviderEntry


class CatalogueError(Exception):
    """A file of `channels/` or `providers/` exports no entry, or one under another name."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=_Named)


def load_channels(package: ModuleType = channels) -> Mapping[str, ChannelEntry]:
    """Return every channel by name; raises `CatalogueError` naming the file at fault."""
    return _load(package, "CHANNEL", ChannelEntry)


@cache
def load_providers(package: ModuleType = providers) -> Mapping[str, ProviderEntry]:
    """Return every provider by name; raises `CatalogueError` naming the file at fault."""
    return _load(package, "PROVIDER", ProviderEntry)


def _load(package: ModuleType, export: str, kind: type[Entry]) -> Mapping[str, Entry]:
    entries: dict[str, Entry] = {}
    for module in iter_modules(package.__path__):
        place, what = f"{package.__name__}/{module.name}.py", export.lower()
        entry = getattr(import_module(f"{package.__name__}.{module.name}"), export, None)
        if not isinstance(entry, kind):
            raise CatalogueError(f"{place} exports no {export}")
        if entry.name in entries:
            raise CatalogueError(f"{place}: there is another {what} {entry.name!r}")
        if entry.name != module.name:
            raise CatalogueError(f"{place} exports the {what} {entry.name!r}")
        entries[entry.name] = entry
    return MappingProxyType(entries)
