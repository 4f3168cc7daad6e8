"""Activity of the client: what ends a wait (spec 1.16)."""

from __future__ import annotations

from automation.items import waiters
from automation.items.turn import Turn
from automation.processes import engine

ACTIVITIES = ("incoming_email", "incoming_call", "incoming_message", "form_submitted")
"""Kinds of recorded activities that the client is behind; payments, openings and clicks come as facts of their own."""


def active(turn: Turn) -> None:
    """Queue the end of the waits that any activity of the client ends, here and where somebody subscribed."""
    if turn.state.steps:
        turn.later(engine.on_activity)
    if turn.state.waiters:
        turn.later(waiters.on_activity)
