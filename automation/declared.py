"""Which classes the streams are made of: those that the files for events, effects and changes declare."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import ModuleType


def declared(*packages: ModuleType, endings: tuple[str, ...]) -> tuple[type, ...]:
    """Return the dataclasses declared in modules below the packages whose name ends so: the folder is the list.

    In order of module and place. What a module imports, and what begins with `_`, does not count. Raises `TypeError`
    for two classes of one name: records are told apart by it.
    """
    found: dict[str, type] = {}
    for kind in (kind for package in packages for kind in _declared(package, endings)):
        if kind.__name__ in found:
            raise TypeError(f"{kind.__module__} declares {kind.__name__}, as {found[kind.__name__].__module__} does")
        found[kind.__name__] = kind
    return tuple(found.values())


def _declared(package: ModuleType, endings: tuple[str, ...]) -> Iterator[type]:
    for name in sorted(module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")):
        if name.endswith(endings):
            yield from _of(importlib.import_module(name))


def _of(module: ModuleType) -> Iterator[type]:
    for name, found in vars(module).items():
        if isinstance(found, type) and is_dataclass(found) and found.__module__ == module.__name__ and name[0] != "_":
            yield found
