"""What comes from Kafka is copied, parked or left to others, and never skipped in silence."""

from __future__ import annotations

import dataclasses

import pytest
from prometheus_client import CollectorRegistry

from automation.envelope import Key
from automation.items.events import ItemDeleted
from services.edge.clock import SetClock
from services.edge.codec import item_changes, item_events
from services.edge.codec.headers import traceparent
from services.edge.processor.ending import StopError
from services.edge.processor.settings import Ceiling
from services.edge.sql import Database
from services.edge.stream import UnreadableError
from services.edge.tracing import HEADER
from services.notifier.codec import AvroCodec
from services.notifier.doubles import MemoryCodec, MemoryRecords
from services.notifier.intake import Intake, sort_records
from services.notifier.ledger import Ledger
from services.notifier.means import Means
from services.notifier.metrics import NotifierMetrics
from services.notifier.ports import Incoming, NewerReleaseError
from services.notifier.tables import ALL
from tests.notifier_world import email, notification, recorded, records_of

pytest_plugins = ["tests.postgres", "tests.databases"]

CHANNELS = {"notification"}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, "undecodable"),
        (ItemDeleted(), "no_channel"),
        (email("a"), "no_channel"),
        (notification("a\x00b"), "invalid"),
        (notification("a" * 501), "invalid"),
        (dataclasses.replace(notification("a"), run_id="r" * 501), "invalid"),
    ],
)
def test_what_cannot_be_performed_is_parked_and_says_why(event: object, reason: str) -> None:
    """The good record beside it is taken."""
    records, codec = records_of([event, notification("good")])
    found = sort_records(records, codec, CHANNELS)
    assert [(one.record.offset, one.fault.reason) for one in found.parked] == [(0, reason)]
    assert [effect.effect_id for effect in found.effects] == ["good"]


@pytest.mark.parametrize("key", [None, b"", b"acme/deal/43", b"globex/deal/42"])
def test_a_record_under_another_items_key_is_parked(key: bytes | None) -> None:
    """Key and body must agree, the tenant above all."""
    (record,), codec = records_of([notification("a")])
    found = sort_records([record._replace(key=key)], codec, CHANNELS)
    assert [one.fault.reason for one in found.parked] == ["key_mismatch"]


def test_a_record_without_a_value_is_parked() -> None:
    """A tombstone is no effect."""
    found = sort_records([Incoming("crm.effects", 0, 1, b"acme/deal/1", None, ())], MemoryCodec({}), CHANNELS)
    assert [(one.fault.reason, one.fault.tenant) for one in found.parked] == [("undecodable", "acme")]


async def test_a_row_keeps_the_chain_of_causes_and_the_bytes(database: Database) -> None:
    """Cause, root and depth go back with the outcome; the payload is what Kafka held."""
    database.create(ALL)
    records, codec = records_of([notification("a")])
    ledger = Ledger(database)
    means = Means(ledger, codec, MemoryRecords(), SetClock(5), NotifierMetrics(CollectorRegistry()))
    assert await Intake(means, CHANNELS).take(records) is not None
    (row,) = database.read("SELECT payload, cause_id, root_id, depth FROM ledger")
    event = codec.read_effect(b"value-0", ())
    expected = (b"value-0", event.envelope.event_id, "root", 2)
    assert (bytes(row["payload"]), row["cause_id"], row["root_id"], row["depth"]) == expected


async def test_a_flood_of_our_own_faults_stops_the_service_before_it_is_parked(database: Database) -> None:
    """Past the ceiling it is we who are wrong, not the data: nothing is stored."""
    database.create(ALL)
    events: list[object] = [email(f"e{n}") for n in range(6)]
    records, codec = records_of(events)
    kept = MemoryRecords()
    means = Means(Ledger(database), codec, kept, SetClock(5), NotifierMetrics(CollectorRegistry()))
    with pytest.raises(StopError):
        await Intake(means, CHANNELS, Ceiling(share=0.2, window=10, minimum=5)).take(records)
    assert kept.parked == []
    assert means.ledger.position("notifier:crm.effects-0") is None


def test_effects_are_read_from_avro_and_a_newer_release_stops_the_reader() -> None:
    """A schema id just above ours is of a newer release; one from nowhere is a sender's mistake."""
    codec = AvroCodec(item_events(), item_changes(), "crm.changes")
    written = item_events().encode(recorded(notification("a"), key=Key("acme", "deal", "1")))
    assert codec.read_effect(written, ()).event == notification("a")
    with pytest.raises(NewerReleaseError):
        codec.read_effect(b"\x00" + _next_schema_id().to_bytes(4, "big") + written[5:], ())
    with pytest.raises(UnreadableError, match="unknown_schema"):
        codec.read_effect(b"\x00\x7f\xff\xff\xff" + written[5:], ())
    with pytest.raises(UnreadableError, match="undecodable"):
        codec.read_effect(written[:-1], ())


def _next_schema_id() -> int:
    from services.edge.codec.registry import repository  # noqa: PLC0415 - its number is no part of the face

    found = repository()
    return next(number for number in range(1, 10_000) if found.find(number) is None and found.is_ours(number))


def test_only_a_trace_that_is_not_that_of_the_root_is_kept() -> None:
    """The outcome of any other effect finds its trace by its root."""
    (record,), codec = records_of([notification("a")])
    envelope = codec.read_effect(record.value or b"", ()).envelope
    own = traceparent(envelope.root_id or envelope.event_id, envelope.event_id)
    came_in = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = [(), ((HEADER, own),), ((HEADER, b"nonsense"),), ((HEADER, came_in),)]

    found = sort_records([record._replace(headers=each) for each in headers], codec, CHANNELS)

    assert [effect.trace for effect in found.effects] == ["", "", "", came_in.decode()]
