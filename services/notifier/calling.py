"""HTTP calls to providers: what an answer, or none, says about a message (decision 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from services.edge.outgoing import Answer, ForbiddenAddressError, Outgoing, UnreachableError
from services.notifier.channel import Rejected, Result, Retry, Unknown

_LATER = frozenset({429, 503})
"""Statuses that say that nothing was done yet."""


async def post(outgoing: Outgoing, url: str, body: bytes, headers: Mapping[str, str]) -> Answer | Result:
    """Send a request once and return a 2xx answer, or what else it means for the message.

    A refused connection, 429 and 503 may be tried again; any other 4xx or 3xx is final; any other 5xx, and silence
    after the request was sent, say nothing.
    """
    try:
        answer = await outgoing.post(url, body, headers)
    except ForbiddenAddressError as error:
        return Rejected("delivery", f"address: {error.rule}")
    except UnreachableError as error:
        return Unknown(str(error)) if error.sent else Retry(str(error))
    if 200 <= answer.status < 300:
        return answer
    return _refusal(answer)


def _refusal(answer: Answer) -> Result:
    detail = f"http {answer.status}"
    if answer.status in _LATER:
        return Retry(detail, answer.retry_after * 1_000)
    return Unknown(detail) if answer.status >= 500 else Rejected("delivery", detail)


def json_of(answer: Answer) -> Mapping[str, Any]:
    """Return an answer's JSON object; an empty one for anything else."""
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def text_of(value: Any) -> str:
    """Return an id from an answer as a short text; empty for what is none."""
    return str(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""
