"""What is written is read back: every class, in our own bytes and in those of another Avro implementation."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.definitions.saved import DefinitionSaved
from automation.envelope import Envelope, Recorded
from automation.items.changes import AddComment, ChangeFrame, CreateItem, ReportOutcome, SaveItem
from automation.items.events import FieldsChanged, StageMoved
from automation.items.parts import FieldChange
from automation.items.state import ItemState
from automation.values import Money, Personal
from services.edge.codec import (
    ChangeCodec,
    DefinitionCodec,
    EventCodec,
    RecordCodec,
    SchemaError,
    Signer,
    UnwritableError,
    check_key,
    item_changes,
    item_events,
)
from services.edge.codec.registry import SCHEMA_FOLDER
from services.edge.codec.streams import CHANGES, ITEMS, PAYMENT_CHANGES, PAYMENTS, StreamClasses
from services.edge.stream import UnreadableError
from tests.codec_world import ENVELOPE, FRAME, SIGNER, values_of

_CALM = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_OUTCOME = ReportOutcome("e-1", "r-1", "completed", "", {"link": "https://pay.example/1"})
_EVENTS = [(stream, body) for stream in (ITEMS, PAYMENTS) for body in stream.bodies]
_CHANGES = [(stream, body) for stream in (CHANGES, PAYMENT_CHANGES) for body in stream.bodies]
_CODECS: dict[str, Any] = {
    **{stream.name: EventCodec(stream) for stream in (ITEMS, PAYMENTS)},
    **{stream.name: ChangeCodec(stream, SIGNER) for stream in (CHANGES, PAYMENT_CHANGES)},
}


def _named(pair: Any) -> str:
    return getattr(pair, "__name__", getattr(pair, "name", ""))


@pytest.mark.parametrize(("stream", "body"), _EVENTS, ids=_named)
@_CALM
@given(st.data())
def test_an_event_is_read_as_it_was_written(stream: StreamClasses, body: type, data: st.DataObject) -> None:
    """Every event class, with every envelope, comes back equal and of the same classes."""
    recorded = Recorded(data.draw(values_of(Envelope)), data.draw(values_of(body)))
    found = _CODECS[stream.name].decode(_CODECS[stream.name].encode(recorded))
    assert repr(found) == repr(recorded)


@pytest.mark.parametrize(("stream", "body"), _CHANGES, ids=_named)
@_CALM
@given(st.data())
def test_a_change_is_read_as_it_was_written(stream: StreamClasses, body: type, data: st.DataObject) -> None:
    """Every change class, with every frame, comes back equal; signed ones carry 32 bytes of signature."""
    frame, change = data.draw(values_of(ChangeFrame)), data.draw(values_of(body))
    found, again = _CODECS[stream.name].decode(_CODECS[stream.name].encode(frame, change))
    assert repr(again) == repr(change)
    assert found._replace(signature=b"") == frame._replace(signature=b"")
    assert len(found.signature) == 32 if body in stream.signed else found == frame


@given(values_of(DefinitionSaved))
@_CALM
def test_a_definition_is_read_as_it_was_written(saved: DefinitionSaved) -> None:
    """The record of `crm.definitions` comes back equal."""
    codec = DefinitionCodec()
    assert codec.decode(codec.encode(saved)) == saved


@given(values_of(ItemState))
@_CALM
def test_a_state_is_read_as_it_was_written(state: ItemState) -> None:
    """The state of an item comes back equal, without a registry."""
    assert RecordCodec(ItemState).decode(RecordCodec(ItemState).encode(state)) == state


def _plain(value: Any) -> Any:
    """Return a value as fastavro wants it; records of a union go by their name."""
    if dataclasses.is_dataclass(value) or hasattr(value, "_fields"):
        names = value._fields if hasattr(value, "_fields") else [f.name for f in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: _marked(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _marked(value: Any) -> Any:
    if isinstance(value, Money | Personal):
        return (f"stagewire.{type(value).__name__}", _plain(value))
    return _plain(value)


def _schema(path: str) -> Any:
    return fastavro.parse_schema(json.loads((SCHEMA_FOLDER / path).read_text()))


_SAVES = [
    SaveItem({}),
    SaveItem({"title": "Ünï→", "n": -1, "x": 0.1, "yes": True, "no": None, "tags": ("a", "b")}, stage="C1:WON"),
    SaveItem({"sum": Money(123, "EUR"), "mail": Personal("a@b.example")}, observers=("1",), run_automation=True),
    SaveItem({"large": 2**63 - 1, "small": -(2**63), "long": "x" * 5_000}, observers=()),
]


@pytest.mark.parametrize("change", _SAVES)
def test_a_change_written_by_another_avro_library_is_read(change: SaveItem) -> None:
    """A platform that writes with the published schema is understood."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _schema("changes/SaveItem.avsc"), {"frame": _plain(FRAME), **_plain(change)})
    start = item_changes().encode(FRAME, change)[:5]
    assert item_changes().decode(start + out.getvalue()) == (FRAME, change)


@pytest.mark.parametrize("change", _SAVES)
def test_our_bytes_are_read_by_another_avro_library(change: SaveItem) -> None:
    """What we write means the same to a reader of the published schema."""
    written = io.BytesIO(item_changes().encode(FRAME, change)[5:])
    found = fastavro.schemaless_reader(written, _schema("changes/SaveItem.avsc"))
    assert found == {"frame": _plain(FRAME), **json.loads(json.dumps(_unmarked(change)))}
    assert written.read() == b""


def _unmarked(change: SaveItem) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(change)
    fields = {key: value[1] if isinstance(value, tuple) else value for key, value in plain["fields"].items()}
    return {**plain, "fields": fields}


def test_values_come_back_in_their_own_types() -> None:
    """Yes is not 1, 1 is not 1.0, a multiple field is a tuple and a moment is a plain integer."""
    change = CreateItem({"b": True, "i": 1, "f": 1.0, "m": ("x",), "s": "1"})
    frame, found = item_changes().decode(item_changes().encode(FRAME, change))
    assert {key: type(value) for key, value in found.fields.items()} == {
        "b": bool, "i": int, "f": float, "m": tuple, "s": str,
    }  # fmt: skip
    assert type(frame.occurred_at) is int


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_not_written(number: float) -> None:
    """`nan` and infinity never reach a log."""
    event = FieldsChanged((FieldChange("x", None, number),))
    with pytest.raises(UnwritableError) as refused:
        item_events().encode(Recorded(ENVELOPE, event))
    assert refused.value.reason == "not_finite"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (SaveItem({"n": 2**63}), "out_of_range"),
        (SaveItem({"n": -(2**63) - 1}), "out_of_range"),
        (SaveItem({"n": b"bytes"}), "wrong_type"),  # type: ignore[dict-item]
        (AddComment(Personal("x" * 1_100_000)), "too_large"),
        (StageMoved("a", "b", 1, automated=False), "unknown_type"),
    ],
)
def test_what_does_not_fit_is_not_written(change: Any, reason: str) -> None:
    """Integers beyond 64 bits, foreign types, changes beyond the limit and classes of other streams are refused."""
    with pytest.raises(UnwritableError) as refused:
        item_changes().encode(FRAME, change)
    assert refused.value.reason == reason


def test_a_signed_change_needs_a_secret_to_be_written() -> None:
    """A service without a secret cannot pretend to be ours."""
    with pytest.raises(UnwritableError, match="unsigned"):
        item_changes().encode(FRAME, _OUTCOME)


class _Frozen(NamedTuple):
    marks: frozenset[str]
    parts: Mapping[str, Money]
    seal: bytes


def test_a_record_writes_sets_in_order() -> None:
    """Equal states have equal bytes, whatever order a set was filled in."""
    codec = RecordCodec(_Frozen)
    one, other = (_Frozen(frozenset(marks), {"a": Money(1, "EUR")}, b"\0") for marks in ("abcdef", "fedcba"))
    assert codec.encode(one) == codec.encode(other)
    assert codec.decode(codec.encode(one)).parts == one.parts


class _Ragged(NamedTuple):
    pair: tuple[int, str]


def test_a_type_without_avro_form_is_refused_at_the_start() -> None:
    """A state that cannot be written is found when the codec is made, not when the first item is."""
    with pytest.raises(SchemaError):
        RecordCodec(_Ragged)


@pytest.mark.parametrize(
    ("key", "tenant", "reason"),
    [
        (b"acme/deal/D/17", "acme", None),
        (b"other/deal/D/17", "acme", "key_mismatch"),
        (None, "acme", "key_mismatch"),
        (b"acme/x/deal/D/17", "acme/x", "invalid"),
        (b"/deal/D/17", "", "invalid"),
    ],
)
def test_key_and_body_must_agree(key: bytes | None, tenant: str, reason: str | None) -> None:
    """A body speaks for the item of its key alone, and a tenant's name cannot reach into another's keys."""
    owner = FRAME._replace(tenant=tenant).key
    if reason is None:
        check_key(key, owner)
        return
    with pytest.raises(UnreadableError) as refused:
        check_key(key, owner)
    assert refused.value.reason == reason


def test_signatures_outlive_a_rotation_of_secrets() -> None:
    """While both secrets are known, what the old one signed is accepted; afterwards it is refused."""
    old, new = b"old" * 8, b"new" * 8
    value = ChangeCodec(CHANGES, Signer([old])).encode(FRAME, _OUTCOME)
    assert ChangeCodec(CHANGES, Signer([new, old])).decode(value)[1] == _OUTCOME
    with pytest.raises(UnreadableError, match="unsigned"):
        ChangeCodec(CHANGES, Signer([new])).decode(value)


@pytest.mark.parametrize("field", ["change_id", "tenant", "item_type", "item_id", "root_id", "source", "actor"])
def test_a_signature_covers_every_text_of_the_frame(field: str) -> None:
    """A signed change cannot be turned to another item, tenant or cause: each field is under the signature."""
    codec = ChangeCodec(CHANGES, SIGNER)
    value = codec.encode(FRAME, _OUTCOME)
    signed = codec.decode(value)[0]
    forged = signed._replace(**{field: "other"})
    plain = codec._records.write_frame
    with pytest.raises(UnreadableError, match="unsigned"):
        codec.decode(value[:5] + plain(forged) + value[5 + len(plain(signed)) :])


def test_secrets_are_not_shown_and_not_short() -> None:
    """A signer never prints its secrets and refuses ones that can be guessed."""
    assert "secret of" not in repr(SIGNER)
    for secrets in ([], [b"short"]):
        with pytest.raises(ValueError, match="secret"):
            Signer(secrets)
