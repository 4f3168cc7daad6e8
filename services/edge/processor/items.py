"""The states of a partition: decoded in a bounded cache, the rest in the local store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from services.edge.local_store import LocalStore
from services.edge.processor.store import DIRTY, ITEM, StoredItem, read_item, write_item
from services.edge.stream import Stream, Timer
from services.edge.write_behind import Later


class Item(NamedTuple):
    """A decoded item as the loop needs it."""

    state: Any
    version: int
    timers: tuple[Timer, ...]
    aside: bool = False


class Items:
    """Committed items only: what a batch decides stays with the batch until it is committed."""

    def __init__(self, stream: Stream[Any, Any], store: LocalStore, capacity: int) -> None:
        self._stream = stream
        self._store = store
        self._capacity = capacity
        self._cache: OrderedDict[bytes, Item] = OrderedDict()
        self._initial = Item(stream.initial(), 0, ())

    def get(self, key: bytes) -> Item:
        """Return an item, the initial one if it has no events."""
        item = self._cache.get(key)
        if item is None:
            return self._load(key)
        self._cache.move_to_end(key)
        return item

    def known(self, key: bytes) -> bool:
        """Say whether the item is decoded already, which proves that its key belongs here."""
        return key in self._cache

    def keep(self, items: Mapping[bytes, Item]) -> None:
        """Take over committed items and forget the ones used longest ago."""
        cache = self._cache
        for key, item in items.items():
            cache[key] = item
            cache.move_to_end(key)
        while len(cache) > self._capacity:
            cache.popitem(last=False)

    def writes(self, items: Mapping[bytes, Item]) -> dict[bytes, Later]:
        """Return what to write to the store for these items: what makes their bytes, and that they await a snapshot."""
        found: dict[bytes, Later] = {}
        for key, item in items.items():
            found[ITEM + key] = partial(self._encoded, item)
            found[DIRTY + key] = b""
        return found

    def _encoded(self, item: Item) -> bytes:
        state = self._stream.write_state(item.state)
        return write_item(StoredItem(item.version, item.timers, state, item.aside))

    def _load(self, key: bytes) -> Item:
        stored = self._store.get(ITEM + key)
        if stored is None:
            return self._initial
        at_rest = read_item(stored)
        item = Item(self._stream.read_state(at_rest.state), at_rest.version, at_rest.timers, at_rest.aside)
        self.keep({key: item})
        return item
