"""The employees' inboxes of in-app notifications, as the gateway reads them (spec 1.15, 3.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from automation.values import Moment
from services.edge.sql import Database

_INSERT = """
    INSERT INTO notifications (tenant, effect_id, recipient, sender, text, link, item_key, created_at, read_at)
    VALUES (:tenant, :effect_id, :recipient, :sender, :text, :link, :item_key, :created_at, 0)
    ON CONFLICT (tenant, effect_id) DO NOTHING"""

_LIST = """
    SELECT effect_id, recipient, sender, text, link, item_key, created_at, read_at FROM notifications
    WHERE tenant = :tenant AND recipient = :recipient AND (read_at = 0 OR :unread_only = 0)
        AND (created_at, effect_id) < (:before_at, :before_id)
    ORDER BY created_at DESC, effect_id DESC LIMIT :most"""

_READ = """
    UPDATE notifications SET read_at = :now
    WHERE tenant = :tenant AND recipient = :recipient AND effect_id = :effect_id AND read_at = 0
    RETURNING effect_id"""

_UNREAD = """
    SELECT COUNT(*) AS n FROM notifications WHERE tenant = :tenant AND recipient = :recipient AND read_at = 0"""

_LAST: Moment = 2**62


class Notification(NamedTuple):
    """One notification in an inbox; its id is the effect's."""

    effect_id: str
    recipient: str
    sender: str
    text: str
    link: str
    """Path of the item form."""
    item_key: str
    created_at: Moment
    read_at: Moment
    """0 while unread."""


class Inbox:
    """Notifications by employee. Methods block: call them in a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, tenant: str, notification: Notification) -> None:
        """Add a notification; one that is there already stays as it is, read or not."""
        with self._database.transaction() as transaction:
            transaction.run(_INSERT, {**notification._asdict(), "tenant": tenant})

    def list(
        self,
        tenant: str,
        recipient: str,
        *,
        unread_only: bool = False,
        before: tuple[Moment, str] = (_LAST, ""),
        most: int = 50,
    ) -> list[Notification]:
        """Return a page of an inbox, newest first; `before` is (created_at, effect_id) of the last one seen."""
        values = {"tenant": tenant, "recipient": recipient, "unread_only": int(unread_only), "most": most}
        rows = self._database.read(_LIST, {**values, "before_at": before[0], "before_id": before[1]})
        return [Notification(**row) for row in rows]

    def mark_read(self, tenant: str, recipient: str, effect_ids: Sequence[str], now: Moment) -> int:
        """Mark notifications of this recipient as read and return how many were not so before."""
        place = {"tenant": tenant, "recipient": recipient, "now": now}
        with self._database.transaction() as transaction:
            return sum(len(transaction.all(_READ, {**place, "effect_id": one})) for one in effect_ids)

    def unread(self, tenant: str, recipient: str) -> int:
        """Return the number of unread notifications."""
        rows = self._database.read(_UNREAD, {"tenant": tenant, "recipient": recipient})
        return int(rows[0]["n"])
