"""The deal stream with nothing but deals, on each of which a process waits, all of them for the same time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from typing import Any

from automation.items import changes as c
from services.deal_stream.copies import Copies
from services.deal_stream.stream import DealStream
from services.edge.codec import item_changes, item_events, payment_changes
from services.edge.definitions import FixedDefinitions
from services.edge.stream import Headers
from services.edge.topics import Topics
from tests.chaos.deal import SIGNER, is_output, topics
from tests.core import spec

WAIT_S = 180
"""How long each waits: all have begun before the first one is due."""


def stream(prefix: str) -> DealStream:
    """Make the stream on topics behind a prefix."""
    names, events, changes = Topics(prefix), item_events(), item_changes(SIGNER)
    rest = {**spec.action("bp_wait", interval_days=1), "timeout": {"after": f"{WAIT_S}s"}}
    made = [spec.pipeline(), *spec.PEOPLE, spec.template(rest, autostart_on_add=True)]
    copies = Copies(names, events, changes, payment_changes(SIGNER))
    return DealStream(names, changes, events, copies, FixedDefinitions(spec.book_of(*made)), "chaos")


def changes(rng: random.Random) -> Iterator[tuple[bytes, bytes, Headers]]:
    """Yield creations of deals for ever."""
    codec = item_changes(SIGNER)
    for number in count():
        item = f"{rng.getrandbits(32):08x}-{number}"
        frame = c.ChangeFrame(f"c{item}", spec.TENANT, "deal", item, number, "app", "", 0, "", "", 0, 0, b"")
        key = f"{spec.TENANT}/deal/{item}"
        made: Any = c.CreateItem({"title": item})
        yield key.encode(), codec.encode(frame, made), ()


__all__ = ["changes", "is_output", "stream", "topics"]
