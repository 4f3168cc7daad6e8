"""What the end of a call means for its ledger row: a pure decision (spec 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from automation.values import Moment
from services.notifier.channel import Rejected, Result, Retry, Sent, Unknown, Wait

State: TypeAlias = Literal["queued", "sending", "sent", "delivered", "failed", "unknown", "dead"]
"""`failed`: the provider refused it; `dead`: the last attempt failed too; `unknown`: it may have happened or not."""

ATTEMPTS = 5
DELAYS = (5_000, 30_000, 180_000, 900_000)
"""Milliseconds before attempts 2 to 5."""
LONGEST_DELAY = 3_600_000
"""A provider may ask for no longer pause than this."""


class Mark(NamedTuple):
    """What is written to a row that was being sent."""

    state: State
    next_due: Moment = 0
    status: str = ""
    """Status of the outcome to report; empty while there will be another attempt."""
    reason: str = ""
    """Reason code of the outcome."""
    detail: str = ""
    provider_id: str = ""
    results: Mapping[str, str] = {}
    untried: int = 0
    """1 where the attempt was none: it is not counted."""


def settle(result: Result, *, tries: int, recognises_key: bool, now: Moment) -> Mark:
    """Decide what becomes of a row after attempt number `tries` ended with `result`.

    A lease that ran out is the result `Unknown`. An unknown fate is tried again only where the channel, or the
    provider that was called, recognises the key.
    """
    match result:
        case Sent():
            return Mark("sent", 0, "completed", provider_id=result.provider_id, results=result.results)
        case Rejected():
            return Mark("failed", 0, "failed", result.reason, result.detail)
        case Wait():
            return Mark("queued", result.until, detail=result.detail, untried=1)
        case Retry() if tries < ATTEMPTS:
            return Mark("queued", now + _delay(tries, result.after), detail=result.detail)
        case Retry():
            return Mark("dead", 0, "failed", "delivery", result.detail)
        case Unknown() if (recognises_key or result.repeatable) and tries < ATTEMPTS:
            return Mark("queued", now + _delay(tries, 0), detail=result.detail)
        case Unknown():
            return Mark("unknown", 0, "failed", "delivery_unknown", result.detail)


def _delay(tries: int, asked: int) -> int:
    return max(DELAYS[tries - 1], min(asked, LONGEST_DELAY))
