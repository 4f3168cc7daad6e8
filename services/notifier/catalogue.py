"""The channels of this release: the files of `channels/` are the list."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType

from services.notifier import channels
from services.notifier.channel import ChannelEntry


class CatalogueError(Exception):
    """A file of `channels/` exports no entry, or one under another name."""


def load_channels(package: ModuleType = channels) -> Mapping[str, ChannelEntry]:
    """Return every channel by name; raises `CatalogueError` naming the file at fault."""
    entries: dict[str, ChannelEntry] = {}
    for module in iter_modules(package.__path__):
        entry = getattr(import_module(f"{package.__name__}.{module.name}"), "CHANNEL", None)
        if not isinstance(entry, ChannelEntry):
            raise CatalogueError(f"{package.__name__}/{module.name}.py exports no CHANNEL")
        if entry.name in entries:
            raise CatalogueError(f"{package.__name__}/{module.name}.py: there is another channel {entry.name!r}")
        if entry.name != module.name:
            raise CatalogueError(f"{package.__name__}/{module.name}.py exports the channel {entry.name!r}")
        entries[entry.name] = entry
    return MappingProxyType(entries)
