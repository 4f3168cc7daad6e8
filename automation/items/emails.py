"""What clients do with tracked e-mails: the first opening is a fact of its own (spec 2.3), the rest is activity."""

from __future__ import annotations

from automation.items import changes as c
from automation.items import clients, facts
from automation.items import events as e
from automation.items.turn import Turn
from automation.seen import digest, position
from automation.values import Money, Personal


def seen(turn: Turn, change: c.ReportEmailSeen) -> None:
    """Note an opening or a click; a click opens a mail without shown pictures; later openings are nothing."""
    first = position(turn.state.opened, digest(change.effect_id)) < 0
    if first:
        turn.emit(e.ClientEmailOpened(change.effect_id))
    if change.kind == "clicked":
        turn.emit(e.ActivityRecorded(change.seen_id, "email_clicked", Personal(change.link)))
    elif not first:
        turn.emit(e.ChangeSeen("no_change"))
    if first or change.kind == "clicked":
        clients.active(turn)
    if first:
        turn.later(lambda t: facts.fire(t, "email_opened", change.effect_id, Money(0, ""), {}))
