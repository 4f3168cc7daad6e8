"""Deals of the workload as `deal_stream` keeps them, for the measurements of Stagewire alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any

from automation.definitions.models import Definition
from automation.items.changes import ChangeFrame
from automation.items.state import ItemState
from bench import workload
from bench.peers.stagewire.company import Encoder, book
from services.deal_stream.copies import Copies
from services.deal_stream.stream import DealStream
from services.edge.codec import item_changes, item_events, payment_changes
from services.edge.definitions import FixedDefinitions
from services.edge.processor.store import StoredItem, write_item
from services.edge.topics import Topics

_WARM = 40_000  # changes after which nearly every item of the workload exists

Change = tuple[bytes, bytes]  # key and value


def stream(prefix: str = "", extra_rules: int = 0, more: Sequence[Definition] = ()) -> DealStream:
    """A stream with the ten rules of the workload, so many that never apply, and more definitions."""
    topics, events, changes = Topics(prefix), item_events(), item_changes()
    copies = Copies(topics, events, changes, payment_changes())
    return DealStream(topics, changes, events, copies, FixedDefinitions(book(extra_rules, more)), "bench")


def written(count: int) -> list[Change]:
    """The first changes of the workload as they lie in the inbox."""
    encode = Encoder()
    return [(workload.key_of(change), encode(change)) for change in workload.changes(count)]


class Deals:
    """Items by key, taken through changes in memory by the same calls as the loop's."""

    def __init__(self, by: DealStream) -> None:
        self.stream = by
        self.states: dict[bytes, Any] = {}

    def frame(self, state: ItemState, change_id: str) -> ChangeFrame:
        """Return the frame of a change of an item."""
        return ChangeFrame(change_id, *state.key, 0, "rest_api", "user:1", 0, "", "", 0, 0, b"")

    def take(self, given: Sequence[Change]) -> int:
        """Decide, encode events and states; return how many events there were."""
        by, events = self.stream, 0
        for number, (key, value) in enumerate(given):
            change = by.read_change(key, value, ())
            decision = by.decide(self.states.get(key) or by.initial(), change, 1_700_000_000_000 + number)
            for recorded in decision.events:
                by.write_event(recorded)
                by.outputs(recorded)
            by.write_state(decision.state)
            self.states[key] = decision.state
            events += len(decision.events)
        return events


def items(by: DealStream, count: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and stored items, as many as wanted, with the states of the workload."""
    deals = Deals(by)
    deals.take(written(_WARM))
    for number, state in enumerate(islice(cycle(deals.states.values()), count)):
        own = state._replace(item_id=f"copy-{number:09d}")
        at_rest = StoredItem(own.version, (), by.write_state(own))
        yield own.key.text.encode(), write_item(at_rest)
