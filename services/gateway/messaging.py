"""Messages that leave: what clients do with tracked mail, what providers report, and tests of connections."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from automation.definitions.models import Connection
from automation.envelope import Envelope, Key, Recorded, stable_id
from automation.items.changes import ChangeFrame, ReportEmailSeen
from automation.items.message_effects import (
    EmployeeEmailRequested,
    MessengerRequested,
    SmsRequested,
    WriteBackRequested,
)
from automation.values import Moment, Personal
from services.edge.codec import EventCodec
from services.edge.secrets_file import ConnectionSecrets
from services.edge.tracked_links import Tracked, TrackedLinks
from services.gateway.problems import Problem
from services.gateway.sending import Letter
from services.notifier.gate import CONNECTION
from services.notifier.receipts import Receipts
from services.notifier.rows import NewEffect
from services.notifier.sent import SentMessages

MOST_FACTS: Final = 50
"""Facts about one mail that one gateway passes on; a scanner may follow a link any number of times."""
_MOST_MAILS = 20_000


class Told:
    """How many facts were passed on about the last mails; those not heard of longest are forgotten."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()

    def admits(self, tracked: Tracked) -> bool:
        """Say whether another fact is to be passed on: one opening, and so many clicks."""
        return self._counts.get(_name(tracked), 0) < (1 if tracked.kind == "opened" else MOST_FACTS)

    def add(self, tracked: Tracked) -> None:
        """Note that a fact was passed on."""
        self._counts[_name(tracked)] = self._counts.pop(_name(tracked), 0) + 1
        if len(self._counts) > _MOST_MAILS:
            self._counts.popitem(last=False)


def _name(tracked: Tracked) -> str:
    return f"{tracked.kind}/{tracked.item.tenant}/{tracked.effect_id}"


@dataclass(frozen=True, slots=True)
class Messaging:
    """What the routes about messages work with."""

    links: TrackedLinks
    secrets: ConnectionSecrets
    sent: Callable[[], SentMessages]
    receipts: Callable[[], Receipts]
    events: EventCodec
    public_url: str
    told: Told = field(default_factory=Told)


def fact_of(tracked: Tracked, now: Moment) -> Letter:
    """Return the change that tells the item; openings of a mail have one id, however often its pixel is fetched."""
    opened = stable_id("email-opened", tracked.item.tenant, tracked.effect_id)
    seen_id = opened if tracked.kind == "opened" else f"{tracked.effect_id}:{uuid.uuid4().hex}"
    frame = ChangeFrame(seen_id, *tracked.item, now, "app", "", 0, "", seen_id, 0, 0, b"")
    return Letter("items", frame, ReportEmailSeen(tracked.effect_id, tracked.kind, seen_id, tracked.link))


def test_message(
    messaging: Messaging, tenant: str, connection: Connection, to: str, text: str, now: Moment
) -> NewEffect:
    """Return the effect of "send a test"; raises `Problem` (422) where the connection cannot send by itself."""
    effect_id = uuid.uuid4().hex
    event = _test_event(connection, effect_id, to, text)
    key = Key(tenant, CONNECTION, connection.id)
    envelope = Envelope(
        effect_id, *key, 1, now, now, "system", "", "manual", effect_id, effect_id, 0, effect_id, 0, "gateway"
    )  # fmt: skip
    payload = messaging.events.encode(Recorded(envelope, event))
    return NewEffect(tenant, effect_id, event.CHANNEL, key.text, "", payload, effect_id, effect_id, 0)


def _test_event(connection: Connection, effect_id: str, to: str, text: str) -> Any:
    if connection.channel == "sms":
        return SmsRequested(effect_id, "", "employee", connection.id, Personal(to), Personal(text))
    if connection.channel == "messenger":
        return MessengerRequested(effect_id, "", connection.id, Personal(to), Personal(text))
    if connection.channel == "crm_webhook":
        return WriteBackRequested(effect_id, "", connection.id, 0, False, "", "", "", {"test": text})
    if connection.channel == "ads_audience":
        raise Problem(422, "invalid", "an audience takes contact points of clients, and no test")
    if not connection.sender:
        raise Problem(422, "invalid", "sender: the connection has no address to send from")
    subject = Personal(f"Test of {connection.name or connection.id}")
    return EmployeeEmailRequested(effect_id, "", "", Personal(to), connection.sender, subject, Personal(text))
