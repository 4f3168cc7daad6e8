"""A small stream on JSON for the loop's tests: counters, timers, and requests to other items.

It knows no repeats on purpose: a change that is processed twice must show.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from automation.envelope import Envelope, Key, Recorded, event_id
from services.edge.stream import Decision, Headers, Output, Timer, UnreadableError


class Counter(NamedTuple):
    """The state of an item."""

    version: int = 0
    total: int = 0
    at: int = 0
    timers: tuple[Timer, ...] = ()


class Toy:
    """Implements `Stream` with changes as dictionaries: id, kind, key, and n, in or to."""

    fold_version = 1

    def __init__(self, prefix: str = "", name: str = "toy") -> None:
        self.name = f"{prefix}{name}"
        self.inbox = f"{prefix}toy.changes"
        self.log = f"{prefix}toy.events"
        self.snapshots = f"{prefix}toy.snapshots"
        self.dead_letters = f"{prefix}toy.dead-letters"

    def read_change(self, key: bytes | None, value: bytes | None, headers: Headers) -> dict[str, Any]:
        """Decode; what is no JSON object is undecodable."""
        try:
            change = orjson.loads(value or b"")
        except orjson.JSONDecodeError as error:
            raise UnreadableError("undecodable", str(error)) from error
        if not isinstance(change, dict) or change.get("kind") not in ("add", "wait", "ask", "boom"):
            raise UnreadableError("invalid", "not a change of the toy", ours=False)
        return change

    def key_of(self, change: dict[str, Any]) -> bytes:
        """Return the item's key."""
        return str(change["key"]).encode()

    def definitions_needed(self, change: dict[str, Any]) -> int:
        """Need none."""
        return 0

    def definitions_version(self) -> int:
        """Have none."""
        return 0

    async def catch_up(self, version: int | None) -> None:
        """Have nothing to catch up with."""

    def initial(self) -> Counter:
        """Return an item without events."""
        return Counter()

    def decide(self, state: Counter, change: dict[str, Any], now: int) -> Decision:
        """Turn a change into one event."""
        if change["kind"] == "boom":
            raise RuntimeError("a bug")
        facts = {name: value for name, value in change.items() if name not in ("key", "id")}
        if change["kind"] == "wait":
            facts["due"] = max(now, state.at) + change["in"]
        return self._decided(state, change["key"], change["id"], facts, now)

    def timers(self, state: Counter) -> Iterable[Timer]:
        """Return the open timers."""
        return state.timers

    def fire(self, key: bytes, state: Counter, timer: Timer, now: int) -> Decision:
        """Count a timer, and ask the item that it names."""
        to = timer.timer_id.partition(">")[2]
        facts = {"kind": "fired", "timer": timer.timer_id, "due": timer.due, "to": to, "n": 1}
        return self._decided(state, key.decode(), "", facts, now)

    def evolve(self, state: Counter, recorded: Recorded) -> Counter:
        """Fold one event."""
        fact, version = recorded.event, recorded.envelope.version
        total, timers = state.total + fact.get("n", 0), state.timers
        if fact["kind"] == "wait":
            timers = (*timers, Timer(fact["due"], f"{recorded.envelope.change_id}>{fact['to']}"))
        if fact["kind"] == "fired":
            timers = tuple(timer for timer in timers if timer.timer_id != fact["timer"])
        return Counter(version, total, recorded.envelope.recorded_at, timers)

    def version_of(self, state: Counter) -> int:
        """Return the version."""
        return state.version

    def write_event(self, recorded: Recorded) -> Output:
        """Encode an event."""
        value = orjson.dumps({"envelope": list(recorded.envelope), "event": recorded.event})
        return Output(self.log, recorded.envelope.key.text.encode(), value, [("type", recorded.event["kind"].encode())])

    def read_event(self, value: bytes, headers: Headers) -> Recorded:
        """Decode an event."""
        found = orjson.loads(value)
        return Recorded(Envelope(*found["envelope"]), found["event"])

    def outputs(self, recorded: Recorded) -> Sequence[Output]:
        """Ask another item where the event says so."""
        fact, cause = recorded.event, recorded.envelope.event_id
        if fact["kind"] not in ("ask", "fired") or not fact.get("to"):
            return ()
        change = {"id": f"{cause}>", "kind": "add", "key": fact["to"], "n": fact["n"]}
        return (Output(self.inbox, fact["to"].encode(), orjson.dumps(change)),)

    def write_state(self, state: Counter) -> bytes:
        """Encode a state."""
        return orjson.dumps((*state[:3], [list(timer) for timer in state.timers]))

    def read_state(self, value: bytes) -> Counter:
        """Decode a state."""
        version, total, at, timers = orjson.loads(value)
        return Counter(version, total, at, tuple(Timer(*timer) for timer in timers))

    def _decided(self, state: Counter, key: str, change_id: str, facts: dict[str, Any], now: int) -> Decision:
        tenant, item_type, item_id = Key.parse(key)
        version, at = state.version + 1, max(now, state.at)
        made = event_id(key, version)
        item = (tenant, item_type, item_id, version)
        envelope = Envelope(made, *item, at, at, "system", "", "system", change_id, change_id, 0, change_id, 0, "0")
        recorded = Recorded(envelope, facts)
        return Decision(self.evolve(state, recorded), (recorded,))


def stream(prefix: str) -> Toy:
    """Make the stream for the chaos harness."""
    return Toy(prefix)


def topics(prefix: str) -> Sequence[str]:
    """Have no further topics."""
    return ()


def changes(rng: random.Random, keys: int = 200) -> Iterator[tuple[bytes, bytes, Headers]]:
    """Yield keys and values of changes for ever: mostly counting, some timers, some requests, a few broken ones."""
    number = 0
    while True:
        number += 1
        key, other = (f"t{rng.randrange(3)}/toy/{rng.randrange(keys)}" for _ in range(2))
        change: dict[str, Any] = {"id": f"{rng.getrandbits(64):x}-{number}", "key": key, "n": 1}
        kinds = ({"kind": "add"}, {"kind": "wait", "in": rng.randrange(4_000)}, {"kind": "ask"})
        change |= {"to": rng.choice(["", other])} | rng.choices(kinds, [70, 15, 15])[0]
        broken = rng.random() < 0.005
        yield key.encode(), b"{broken" if broken else orjson.dumps(change), ()


def is_output(topic: str, record: Any) -> bool:
    """Nobody else writes into the toy's topics."""
    return True
