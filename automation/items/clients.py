"""Activity of the client: what ends a wait (spec 1.16)."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from automation.items import waiters
from automation.items.turn import Turn
from automation.processes import engine

ClientActivity: TypeAlias = Literal["email", "call", "message", "form", "payment", "email_opened", "email_clicked"]
"""What callers may report; payments, openings and clicks that the platform sees itself come as facts of their own."""
ACTIVITIES = (*get_args(ClientActivity), "incoming_email", "incoming_call", "incoming_message", "form_submitted")
"""Kinds of recorded activities that the client is behind, also under the names of the sources of changes."""


def active(turn: Turn) -> None:
    """Queue the end of the waits that any activity of the client ends, here and where somebody subscribed."""
    if turn.state.steps:
        turn.later(engine.on_activity)
    if turn.state.waiters:
        turn.later(waiters.on_activity)
