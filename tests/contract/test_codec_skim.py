"""Skimming: the head of an event is what decoding says, and nothing that came from outside breaks it."""

from __future__ import annotations

import pytest

from automation.envelope import Key
from automation.items import events as e
from automation.values import Money
from services.edge.codec import UnknownEventError, item_events
from services.edge.stream import UnreadableError
from tests.history_world import recorded

CODEC = item_events()
MOVED = e.StageMoved("new", "won", 2, automated=False)
KEYS = [Key("acme", "deal", "1"), Key("ü", "spa_item.7", "a/b"), Key("t" * 70, "deal", "i" * 300)]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("version", [1, 63, 64, 10**9])
def test_a_head_is_what_decoding_says(key: Key, version: int) -> None:
    """Key, version, time and kind agree; the event itself comes only where it is wanted."""
    one = recorded(key, version, MOVED, at=1_700_000_000_000 + version)
    value = CODEC.encode(one)
    head = CODEC.skim(value, {"StageMoved"})
    assert head == ("StageMoved", key.text.encode(), version, one.envelope.recorded_at, MOVED)
    assert CODEC.skim(value, {"ItemCreated"}) == (*head[:4], None)


@pytest.mark.parametrize("key", [Key("a/b", "deal", "1"), Key("acme", "de/al", "1"), Key("", "deal", "1")])
def test_a_key_that_would_read_as_another_ones_is_refused(key: Key) -> None:
    """A `/` in tenant or type, or an empty part, names another tenant's stream."""
    value = CODEC.encode(recorded(key, 1, MOVED))
    with pytest.raises(UnreadableError, match="empty, or one of the first two"):
        CODEC.skim(value, ())


def test_every_cut_is_told_apart_from_a_head() -> None:
    """Cut within the envelope nothing is made up; cut behind it, only what was wanted is missed."""
    value = CODEC.encode(
        recorded(KEYS[0], 7, e.ItemCreated({"amount": Money(1, "EUR")}, "p", "s", "7", "7", (), False))
    )
    whole, seen = CODEC.skim(value, ()), set[bool]()
    for end in range(len(value)):
        with pytest.raises(UnreadableError):
            CODEC.skim(value[:end], {"ItemCreated"})
        try:
            seen.add(CODEC.skim(value[:end], ()) == whole)
        except UnreadableError:
            continue
    assert seen == {True}
    with pytest.raises(UnreadableError, match="too many"):
        CODEC.skim(value + b"\0", {"ItemCreated"})


def test_an_unknown_schema_stops_the_reader() -> None:
    """It may be of a newer release: it is never passed over, wanted or not."""
    with pytest.raises(UnknownEventError):
        CODEC.skim(b"\0\xff\xff\xff\xff" + CODEC.encode(recorded(KEYS[0], 1, MOVED))[5:], ())
