"""The work that every program is given: the changes, the rules, and the Avro records in and out.

The Python peers import this module, so it needs only the standard library and fastavro. The Java peer
repeats `decide` in its own language; the event ids, which the harness counts, show that both agree.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import fastavro

SEED = 20_240
ITEMS = 20_000
STAGES = ("new", "qualified", "proposal", "contract", "won")
MOVES = 0.18  # the share of changes that move the item; the others save two or three fields
SCHEMAS = Path(__file__).parent / "schemas"

# Ten rules, two for each stage: (id, the amount from which it fires). Amounts are uniform below a million.
RULES = {s: ((f"{s}-tell-owner", 640_000), (f"{s}-ask-approval", 840_000)) for s in STAGES}

Record = dict[str, Any]  # an Avro record as fastavro reads and writes it
State = dict[str, Any]  # what a program keeps of an item: the five keys of `INITIAL`

INITIAL: State = {"version": 0, "stage": STAGES[0], "amount": 0, "title": "", "updated_at": 0}


@dataclass(frozen=True, slots=True)
class Avro:
    """One Avro record type in the Confluent wire format: a zero byte, four bytes of schema id, the body."""

    schema_id: int
    schema: Any

    def encode(self, record: Record) -> bytes:
        """The record as bytes."""
        out = io.BytesIO()
        out.write(b"\0" + self.schema_id.to_bytes(4, "big"))
        fastavro.schemaless_writer(out, self.schema, record)
        return out.getvalue()

    def decode(self, value: bytes) -> Record:
        """The record in `value`; its schema id is trusted, as all records of a topic are of one type."""
        source = io.BytesIO(value)
        source.seek(5)
        return fastavro.schemaless_reader(source, self.schema, None)  # type: ignore[return-value]


def _avro(schema_id: int, name: str) -> Avro:
    return Avro(schema_id, fastavro.parse_schema(json.loads((SCHEMAS / f"{name}.avsc").read_text())))


CHANGE = _avro(1, "DealChange")
EVENT = _avro(2, "DealEvent")


class Decided(NamedTuple):
    """What became of a change."""

    state: State
    events: list[Record]


def key_of(change: Record) -> bytes:
    """The item's key, by which changes and events are partitioned."""
    return f"{change['tenant']}/{change['item_type']}/{change['item_id']}".encode()


def decide(state: State | None, change: Record, now: int) -> Decided:
    """Take the change over into the state, then fire what applies: on average 1.5 events."""
    after = dict(state or INITIAL)
    _take_over(after, change)
    after["updated_at"] = now
    fired = [rule for rule, least in RULES[after["stage"]] if after["amount"] >= least]
    kind = "fields_changed" if change["stage"] is None else "stage_changed"
    events = [_event(change, kind, None, change["fields"], now)]
    events += [_event(change, "rule_fired", rule, [], now) for rule in fired]
    for place, event in enumerate(events):
        after["version"] += 1
        event["version"] = after["version"]
        event["event_id"] = f"{change['change_id']}/{place}"
    return Decided(after, events)


def _take_over(state: State, change: Record) -> None:
    if change["stage"] is not None:
        state["stage"] = change["stage"]
    for field in change["fields"]:
        if field["name"] in state:
            state[field["name"]] = field["value"]


def _event(change: Record, kind: str, rule: str | None, fields: list[Record], now: int) -> Record:
    return {
        "type": kind,
        "tenant": change["tenant"],
        "item_type": change["item_type"],
        "item_id": change["item_id"],
        "occurred_at": change["occurred_at"],
        "recorded_at": now,
        "actor": change["actor"],
        "source": change["source"],
        "cause_id": change["change_id"],
        "depth": 0 if rule is None else 1,
        "rule": rule,
        "stage": change["stage"],
        "fields": fields,
    }


def changes(n: int, seed: int = SEED) -> Iterator[Record]:
    """The first `n` changes, the same at every call with the same seed, about 250 to 300 bytes each."""
    dice = random.Random(seed)
    for number in range(n):
        item = dice.randrange(ITEMS)
        move = dice.random() < MOVES
        yield {
            "change_id": f"{seed:08x}-5f3a-4c1e-9b7d-{number:012x}",
            "tenant": "northwind-trading",
            "item_type": "deal",
            "item_id": f"deal-{item:07d}",
            "occurred_at": 1_700_000_000_000 + number,
            "actor": f"user:{dice.randrange(500):05d}@northwind-trading",
            "source": "crm.rest/v2 web-client Stockholm",
            "stage": dice.choice(STAGES) if move else None,
            "fields": [_note(dice)] if move else _saved(dice, item),
        }


def _saved(dice: random.Random, item: int) -> list[Record]:
    fields: list[Record] = [
        {"name": "amount", "value": dice.randrange(1_000_000)},
        {
            "name": "title",
            "value": f"Yearly supply contract no. {item} with volume rebate and service, offer {dice.randrange(10**6)}",
        },
    ]
    return [*fields, {"name": "contact", "value": "A. Lindqvist"}] if dice.random() < 0.5 else fields


def _note(dice: random.Random) -> Record:
    return {
        "name": "note",
        "value": f"Moved after the call with the buyer; next step agreed, reference {dice.getrandbits(64):016x}",
    }


def expected_events(given: Iterable[Record]) -> int:
    """How many events a program with state makes of these changes."""
    states: dict[str, State] = {}
    total = 0
    for change in given:
        states[change["item_id"]], events = decide(states.get(change["item_id"]), change, 0)
        total += len(events)
    return total


def expected_events_stateless(given: Iterable[Record]) -> int:
    """How many events a program makes that sees each change alone."""
    return sum(len(decide(None, change, 0).events) for change in given)
