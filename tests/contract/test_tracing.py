"""A trace that comes in with a change goes on with its events, effects, requests and answers; a broken one does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from automation.items import changes as c
from services.deal_stream.stream import DealStream
from services.edge.stream import Output
from services.edge.tracing import HEADER, incoming, joined, valid
from services.gateway.tracing import TRACE, Traced
from tests.chaos import deal
from tests.decider_world import decided

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE_ID}-00f067aa0ba902b7-00".encode()
BROKEN = [
    b"", b"nonsense", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", GIVEN[:-1], GIVEN.upper(), b"ff" + GIVEN[2:],
    f"00-{TRACE_ID}-0000000000000000-01".encode(), GIVEN + b"\n", b"\xff" * 55,
]  # fmt: skip


def test_a_record_keeps_its_span_in_a_trace_that_came_in() -> None:
    """Trace and flags are those of what came in; a record without a span gets its."""
    own = (HEADER, f"00-{'a' * 32}-{'b' * 16}-01".encode())

    assert joined(Output("t", b"k", b"v", (own, ("x", b"y"))), GIVEN).headers == [
        ("x", b"y"),
        (HEADER, f"00-{TRACE_ID}-{'b' * 16}-00".encode()),
    ]
    assert joined(Output("t", b"k", b"v"), GIVEN).headers == [(HEADER, GIVEN)]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_no_trace_context_counts_as_none(broken: bytes) -> None:
    """W3C Trace Context: version 00, lower case, no zero ids, nothing around it."""
    assert valid(broken) is None
    assert incoming([("other", b"1"), (HEADER, broken)]) is None


def _stream() -> DealStream:
    return deal.stream("t.")


def _outputs(headers: tuple[tuple[str, bytes], ...]) -> list[tuple[str, Mapping[str, bytes]]]:
    """Return topic and headers of what a deal in "Product assembly" with a contact leads to."""
    change = c.CreateItem({"title": "Desk", "contact": "7"}, stage="won", responsible="ann")
    return [(record.topic, dict(record.headers)) for record in decided(_stream(), change, headers)]


def test_events_effects_and_requests_go_on_in_the_trace_of_the_change() -> None:
    """The mail rule of the last stage asks the contact: its request is in the trace, too."""
    found = _outputs(((HEADER, GIVEN),))

    assert {topic for topic, _ in found} == {"t.crm.events", "t.crm.changes"}
    assert {headers[HEADER][3:35].decode() for _, headers in found} == {TRACE_ID}
    assert len({headers[HEADER] for topic, headers in found if topic == "t.crm.events"}) > 1


def test_without_a_trace_nothing_is_added() -> None:
    """Events have the trace of their root; a broken header is as none."""
    plain = _outputs(())

    assert _outputs(((HEADER, b"nonsense"),)) == plain
    assert all(HEADER not in headers for topic, headers in plain if topic == "t.crm.changes")
    assert TRACE_ID not in {headers[HEADER][3:35].decode() for topic, headers in plain if topic == "t.crm.events"}


@pytest.mark.parametrize(
    ("sent", "seen"), [([GIVEN], GIVEN), ([b"nonsense"], None), ([GIVEN, GIVEN], None), ([], None)]
)
async def test_a_request_has_the_trace_it_came_with(sent: list[bytes], seen: bytes | None) -> None:
    """One valid header counts, and only while the request is answered."""
    found: list[Any] = []

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        found.append(TRACE.get())

    scope: Any = {"type": "http", "headers": [(b"traceparent", value) for value in sent]}
    await Traced(app)(scope, None, None)  # type: ignore[arg-type]

    assert found == [seen]
    assert TRACE.get() is None
