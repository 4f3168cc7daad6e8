"""Changes of payables that callers make themselves: orders, and payments recorded by hand."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request

from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame
from automation.payments.checks import flaw
from automation.values import Moment
from services.gateway.idempotency import key_of
from services.gateway.ports import ports_of
from services.gateway.problems import Problem, unavailable
from services.gateway.sending import Letter


async def send_to_payable(request: Request, key: Key, change: Any, occurred_at: Moment | None, user: str = "") -> str:
    """Send a change to `crm.payments` and return its id; raises `Problem`."""
    ports, given = ports_of(request), key_of(request)
    change_id = stable_id("gateway-once", key.tenant, given, "") if given else uuid.uuid4().hex
    moment = ports.clock.now() if occurred_at is None else occurred_at
    actor = f"user:{user}" if user else ""
    frame = ChangeFrame(change_id, *key, moment, "rest_api", actor, 0, "", change_id, 0, 0, b"")
    if problem := flaw(frame, change):
        raise Problem(422, "invalid", problem)
    (fate,) = await ports.outbox.send([Letter("payments", frame, change)])
    if fate == "refused":
        raise Problem(413, "too_large", "the change is too large")
    if fate != "taken":
        raise unavailable("Kafka did not confirm the change; repeat it with the same Idempotency-Key")
    return change_id
