"""Hands a change to Kafka and says what became of it: shared by items and records."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from services.gateway.fates import wait_for
from services.gateway.ports import Ports
from services.gateway.problems import Fault, Problem, unavailable
from services.gateway.sending import Fate, Letter
from services.gateway.show import answer

Wait = Annotated[float, Query(ge=0, le=10, description="Seconds to wait until the change is in the history.")]
_REFUSED = Fault("body", "too_large", "the change is larger than 1 MB as it is kept")
_KAFKA = "Kafka did not confirm the change; repeat it with the same Idempotency-Key or change_key"


async def take(ports: Ports, letter: Letter, wait: float, more: Mapping[str, Any] = MappingProxyType({})) -> Response:
    """Send a change and answer 202, or 200 with its outcome if it has one in time, with `more`; raises `Problem`."""
    (fate,) = await ports.outbox.send([letter])
    if fate != "taken":
        raise problem_of(fate)
    change_id = letter.frame.change_id
    found = await wait_for(ports, letter.key, change_id, wait) if wait else None
    if found:
        return answer({**found, **more})
    return answer({"change_id": change_id, "status": "taken", **more}, HTTPStatus.ACCEPTED)


def problem_of(fate: Fate) -> Problem:
    """Return why a change was not taken."""
    if fate == "refused":
        return Problem(413, "too_large", "the change is too large", errors=[_REFUSED])
    return unavailable(_KAFKA)
