"""Headers of events: CloudEvents in binary mode, traces, and what consumers skip by."""

from __future__ import annotations

import re

import pytest

from automation.envelope import Recorded
from automation.items.events import ItemDeleted
from services.edge.codec import event_headers
from tests.codec_world import ENVELOPE

_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")


def _headers(**changed: object) -> dict[str, str]:
    recorded = Recorded(ENVELOPE._replace(**changed), ItemDeleted())  # type: ignore[arg-type]
    return {name: value.decode() for name, value in event_headers(recorded)}


def test_an_event_carries_its_cloudevents_attributes() -> None:
    """All attributes that CloudEvents 1.0 requires, and those by which a consumer skips, are there."""
    headers = _headers()
    trace = headers.pop("traceparent")
    assert _TRACE.fullmatch(trace)
    assert headers == {
        "ce_specversion": "1.0", "content-type": "application/vnd.apache.avro", "ce_type": "stagewire.ItemDeleted",
        "type": "ItemDeleted", "ce_source": "stagewire/acme", "tenant": "acme", "item_type": "deal",
        "ce_id": ENVELOPE.event_id, "ce_subject": "deal/D/17", "ce_time": "2026-09-21T14:13:20.250Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1970-01-01T00:00:00.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (2**63 - 1, "9999-12-31T23:59:59.807Z"),
        (-(2**63), "1970-01-01T00:00:00.192Z"),
    ],
)
def test_every_moment_has_a_time(moment: int, text: str) -> None:
    """A moment outside the calendar is shown at its edge and stops nothing."""
    assert _headers(recorded_at=moment)["ce_time"] == text


@pytest.mark.parametrize("root", ["c-1", "z" * 32, "A" * 32, "0" * 32, "", "ünï", "x" * 5_000])
def test_every_root_makes_a_valid_trace(root: str) -> None:
    """Whatever a sender calls its change, the trace id is 32 hex digits."""
    assert _TRACE.fullmatch(_headers(root_id=root)["traceparent"])


def test_a_chain_of_causes_is_one_trace() -> None:
    """Events of one root share the trace and differ in the span."""
    first, second = _headers()["traceparent"], _headers(event_id="f" * 32)["traceparent"]
    assert first[:35] == second[:35]
    assert first != second


def test_a_tenant_is_quoted_in_the_source() -> None:
    """`ce_source` is a URI reference whatever the tenant is called; the header `tenant` says its name."""
    headers = _headers(tenant="a b#c")
    assert (headers["ce_source"], headers["tenant"]) == ("stagewire/a%20b%23c", "a b#c")
