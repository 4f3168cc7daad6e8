"""What the timeline says of a message: its first outcome, its delivery, its opening and clicks."""

from __future__ import annotations

from typing import Any

from automation.envelope import Envelope, Recorded
from automation.items.events import ActivityRecorded, ClientEmailOpened, EffectAnswered
from automation.values import Personal
from services.history.fates import Fates


def fates(*events: Any) -> Fates:
    """Return the fates of a mail m1 and an SMS s1 after these events."""
    folded = Fates(["m1"], ["s1"])
    for version, event in enumerate(events):
        envelope = Envelope(
            "e", "acme", "deal", "1", version, 100 + version, 1, "system", "", "app", "", "", 0, "", 0, "t"
        )
        folded.take(Recorded(envelope, event))
    return folded


def answered(effect_id: str, status: str = "completed", reason: str = "", **results: str) -> EffectAnswered:
    """Return an outcome."""
    return EffectAnswered(effect_id, "run", status, reason, results, 2)


def test_before_any_outcome_a_message_is_under_way() -> None:
    """A mail has what an SMS has not."""
    told = fates()
    assert told.of("s1") == {"status": "running", "reason": "", "tries": 0, "delivery": ""}
    assert told.of("m1") == {**told.of("s1"), "opened_at": 0, "clicks": 0}


def test_the_first_outcome_stands_and_a_report_is_beside_it() -> None:
    """Sent, and yet not delivered."""
    told = fates(answered("s1"), answered("s1", "failed", "delivery", delivery="failed"))
    assert told.of("s1") == {"status": "completed", "reason": "", "tries": 2, "delivery": "failed"}


def test_openings_and_clicks_belong_to_their_mail() -> None:
    """Other activities and other mails are none of it."""
    told = fates(
        answered("m1"), ActivityRecorded("m2:x", "email_clicked", Personal("u")), ClientEmailOpened("m2"),
        ClientEmailOpened("m1"), ActivityRecorded("m1:x", "email_clicked", Personal("u")),
        ActivityRecorded("m1:y", "email_clicked", Personal("u")), ActivityRecorded("m1:z", "call", Personal("u")),
    )  # fmt: skip
    assert (told.of("m1")["opened_at"], told.of("m1")["clicks"]) == (103, 2)


def test_what_is_told_of_a_notification_is_not_taken_for_a_mail() -> None:
    """Outcomes of other effects are passed over."""
    assert fates(answered("n1")).of("m1")["status"] == "running"
