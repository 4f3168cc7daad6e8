"""Bytes that nobody should send: each is refused with a reason, none ends the process (research C5)."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.envelope import Recorded
from automation.items.changes import ReportOutcome, SaveItem
from automation.items.events import FieldsChanged
from services.edge.codec import UnknownEventError, item_changes, item_events
from services.edge.codec.registry import LEDGER, SCHEMA_FOLDER, FolderRegistry
from services.edge.stream import UnreadableError
from tests.codec_world import ENVELOPE, FRAME, SIGNER, values_of

CASES = json.loads((Path(__file__).parents[1] / "fixtures/bytes/changes.json").read_text())
REGISTRY = FolderRegistry()
CHANGES = item_changes(SIGNER, REGISTRY)
EVENTS = item_events(REGISTRY)
PREFIX = 5
WRITTEN_FRAME = CHANGES.encode(FRAME, SaveItem({}))[PREFIX:]
WRITTEN_FRAME = WRITTEN_FRAME[: len(WRITTEN_FRAME) - 10]
"""The bytes of `FRAME`: those of a record without those of a save that asks for nothing (ten empty fields)."""


def _id(name: str) -> bytes:
    subject = name if "." in name else f"stagewire.changes.{name}"
    return b"\0" + REGISTRY.current(subject).schema_id.to_bytes(4, "big")


def _next_id() -> bytes:
    return b"\0" + int(json.loads((SCHEMA_FOLDER / LEDGER).read_text())["next"]).to_bytes(4, "big")


def _part(text: str) -> bytes:
    kind, _, rest = text.partition(":")
    if kind == "repeat":
        pattern, _, times = rest.partition("*")
        return bytes.fromhex(pattern) * int(times)
    made = {"hex": lambda: bytes.fromhex(rest), "utf8": rest.encode, "id": lambda: _id(rest), "next-id": _next_id}
    made |= {"frame": lambda: WRITTEN_FRAME, "tail": lambda: b"\0" * 9}
    return made[kind]()


def _bytes(parts: list[str]) -> bytes:
    cut = [int(part[4:]) for part in parts if part.startswith("cut:")]
    value = b"".join(_part(part) for part in parts if not part.startswith("cut:"))
    return value[: len(value) - cut[0]] if cut else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_hostile_bytes_are_refused_with_their_reason(case: dict[str, Any]) -> None:
    """Every line of the data file meets the reason that it names."""
    with pytest.raises(UnreadableError) as refused:
        CHANGES.decode(_bytes(case["parts"]))
    assert refused.value.reason == case["reason"]
    assert refused.value.ours == case.get("ours", False)


def test_the_parts_of_the_data_file_make_a_readable_change() -> None:
    """Put together without a fault, the same parts are accepted: the refusals above are for their faults."""
    good = _bytes(["id:SaveItem", "frame", "hex:020261080261", "hex:00", "tail:SaveItem"])
    assert CHANGES.decode(good) == (FRAME, SaveItem({"a": "a"}))


def test_declared_lengths_allocate_nothing() -> None:
    """No line of the data file makes the reader take memory beyond a few times its own size."""
    for case in CASES:
        value = _bytes(case["parts"])
        tracemalloc.start()
        with pytest.raises(UnreadableError):
            CHANGES.decode(value)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 300_000 + 4 * len(value), case["name"]


def test_a_broken_body_names_the_tenant_of_its_frame() -> None:
    """The tenant counts for the alarm as soon as the frame could be read."""
    with pytest.raises(UnreadableError) as refused:
        CHANGES.decode(_bytes(["id:AddComment", "frame", "hex:04c328"]))
    assert refused.value.tenant == "acme"


@pytest.mark.parametrize("prefix", [_next_id(), b"\0\0\0\0\0", _id("SaveItem")])
def test_a_log_with_an_unknown_event_stops_its_reader(prefix: bytes) -> None:
    """An unknown schema in a log is never parked or skipped."""
    good = EVENTS.encode(Recorded(ENVELOPE, FieldsChanged(())))
    with pytest.raises(UnknownEventError):
        EVENTS.decode(prefix + good[PREFIX:])


def _mutate(value: bytes, edits: list[tuple[int, int, int]]) -> bytes:
    out = bytearray(value)
    for kind, place, byte in edits:
        at = place % (len(out) + 1)
        if kind == 0:
            out[at : at + 1] = bytes([byte])
        elif kind == 1:
            out[at:at] = bytes([byte])
        elif kind == 2:
            del out[at : at + byte]
        else:
            out += bytes([byte]) * 7
    return bytes(out)


_EDITS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=4)
_CALM = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _outcome(value: bytes) -> Any:
    """Return what was read, or the reason why not; anything else is an error of the test."""
    try:
        return CHANGES.decode(value)
    except UnreadableError as refused:
        return refused.reason


@_CALM
@given(values_of(SaveItem), _EDITS)
def test_mutated_changes_are_a_value_or_unreadable(change: SaveItem, edits: list[tuple[int, int, int]]) -> None:
    """Whatever happens to a change on its way, nothing but `UnreadableError` comes out, or a change."""
    found = _outcome(_mutate(CHANGES.encode(FRAME, change), edits))
    if isinstance(found, str):
        assert found in {"undecodable", "unknown_schema", "unsigned"}
    else:
        assert CHANGES.decode(CHANGES.encode(*found)) == found


@_CALM
@given(values_of(ReportOutcome), _EDITS)
def test_mutated_signed_changes_are_never_accepted_as_something_else(
    change: ReportOutcome, edits: list[tuple[int, int, int]]
) -> None:
    """A signed change whose bytes differ is refused, or says exactly what was signed."""
    value = CHANGES.encode(FRAME, change)
    mutated = _mutate(value, edits)
    found = _outcome(mutated)
    if isinstance(found, tuple) and mutated[:PREFIX] == value[:PREFIX]:
        assert (found[0]._replace(signature=b""), found[1]) == (FRAME, change)


@_CALM
@given(st.sampled_from(["SaveItem", "CreateItem", "AskItem"]), st.binary(max_size=300))
def test_random_bytes_behind_a_good_id_are_a_value_or_unreadable(name: str, tail: bytes) -> None:
    """Noise with the right start is still refused or read, never a crash."""
    found = _outcome(_id(name) + tail)
    assert isinstance(found, tuple) or found in {"undecodable", "unsigned"}
