"""How many messages a tenant has sent over a channel today; a message counts once, however often it is tried."""

from __future__ import annotations

from services.edge.sql import Database

_BEGIN_DAY = """
    INSERT INTO quota_days (tenant, channel, day, used) VALUES (:tenant, :channel, :day, 0)
    ON CONFLICT (tenant, channel, day) DO NOTHING"""

_COUNT = """
    INSERT INTO quota_messages (tenant, effect_id, day) VALUES (:tenant, :effect_id, :day)
    ON CONFLICT (tenant, effect_id) DO NOTHING RETURNING effect_id"""

_UNCOUNT = "DELETE FROM quota_messages WHERE tenant = :tenant AND effect_id = :effect_id"

_USE = """
    UPDATE quota_days SET used = used + 1
    WHERE tenant = :tenant AND channel = :channel AND day = :day AND used < :cap RETURNING used"""

_FORGET = "DELETE FROM quota_{table} WHERE day < :day"


class Quota:
    """Counts in the notifier's database. Methods block: call them in a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def admit(self, tenant: str, channel: str, effect_id: str, day: str, cap: int) -> bool:
        """Count a message and say whether it is within the day's cap; one that was counted before is."""
        place, message = {"tenant": tenant, "channel": channel, "day": day}, {"tenant": tenant, "effect_id": effect_id}
        with self._database.transaction() as transaction:
            transaction.run(_BEGIN_DAY, place)
            if not transaction.all(_COUNT, {**message, "day": day}):
                return True
            if transaction.all(_USE, {**place, "cap": cap}):
                return True
            transaction.run(_UNCOUNT, message)
            return False

    def forget(self, before: str) -> None:
        """Delete the counts of days before a date."""
        with self._database.transaction() as transaction:
            for table in ("days", "messages"):
                transaction.run(_FORGET.format(table=table), {"day": before})
