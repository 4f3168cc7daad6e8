"""W3C Trace Context in Kafka headers and HTTP: a trace that comes in with a change goes on with all that it causes.

Without one, the trace of an event follows from the root of its causes (`codec/headers.py`), so nothing is carried.
What comes in is carried in headers alone. A timer has none: what a delay begins is in the trace of its root.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from services.edge.stream import Output

HEADER = "traceparent"
_TRACE = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
_HEAD, _TAIL = slice(0, 36), slice(52, None)
"""Version and trace id; the flags."""


def valid(text: bytes | None) -> bytes | None:
    """Return a trace context; None for what is none, which counts as if it were not there."""
    return text if text and _TRACE.match(text) else None


def incoming(headers: Iterable[tuple[str, bytes | None]]) -> bytes | None:
    """Return the trace context of a record, None without a valid one."""
    for name, value in headers:
        if name == HEADER:
            return valid(value)
    return None


def joined(output: Output, trace: bytes) -> Output:
    """Return a record as part of a trace: its own span stays, one without becomes a child of what came in."""
    mine = next((value for name, value in output.headers if name == HEADER), None)
    kept = [header for header in output.headers if header[0] != HEADER]
    context = trace if mine is None else trace[_HEAD] + mine[36:52] + trace[_TAIL]
    return output._replace(headers=[*kept, (HEADER, context)])
