"""What became of the messages in a timeline: sent, delivered, opened, clicked (spec 4.31, 4.32)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from automation.envelope import Recorded
from automation.items.events import ActivityRecorded, ClientEmailOpened, EffectAnswered

MESSAGES: Final = frozenset({"client_email", "client_sms"})
"""Kinds of timeline entries that carry the fate of an effect."""
TOLD_BY: Final = frozenset(kind.__name__ for kind in (ActivityRecorded, ClientEmailOpened, EffectAnswered))
_CLICK = "email_clicked"


class Fates:
    """Folds the events behind the messages into facts for each."""

    def __init__(self, mails: Iterable[str], texts: Iterable[str]) -> None:
        seen = {"opened_at": 0, "clicks": 0}
        started = {"status": "running", "reason": "", "tries": 0, "delivery": ""}
        self._facts: dict[str, dict[str, Any]] = {one: {**started, **seen} for one in mails}
        self._facts |= {one: dict(started) for one in texts}
        self._answered: set[str] = set()

    def take(self, recorded: Recorded) -> None:
        """Fold one event, oldest first."""
        event = recorded.event
        if isinstance(event, ActivityRecorded):
            facts = self._facts.get(event.activity_id.partition(":")[0]) if event.kind == _CLICK else None
            if facts:
                facts["clicks"] += 1
        elif event.effect_id in self._facts:
            self._note(event, recorded)

    def _note(self, event: EffectAnswered | ClientEmailOpened, recorded: Recorded) -> None:
        facts = self._facts[event.effect_id]
        if isinstance(event, ClientEmailOpened):
            facts["opened_at"] = recorded.envelope.occurred_at
        elif event.effect_id not in self._answered:  # the first outcome decides; what comes later is beside it
            self._answered.add(event.effect_id)
            facts |= {"status": event.status, "reason": event.reason, "tries": event.tries}
        else:
            facts["delivery"] = event.results.get("delivery", facts["delivery"])

    def of(self, effect_id: str) -> dict[str, Any]:
        """Return status, reason, tries and delivery of a message; of an e-mail also its opening and clicks."""
        return self._facts[effect_id]
