"""The clock of a database that several processes share: leases are compared by one clock, not by each one's own."""

from __future__ import annotations

from automation.values import Moment
from services.edge.clock import Clock
from services.edge.sql import Database

_NOW = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now"


class SharedClock:
    """Tells PostgreSQL's time from the machine's clock and the difference last seen; SQLite is on this machine."""

    def __init__(self, database: Database, local: Clock) -> None:
        self._database = database
        self._local = local
        self._ahead = 0

    def now(self) -> Moment:
        """Return the current moment."""
        return self._local.now() + self._ahead

    def refresh(self) -> None:
        """Measure the difference again; blocks."""
        if self._database.dialect == "postgresql":
            before = self._local.now()
            theirs = int(self._database.read(_NOW)[0]["now"])
            self._ahead = theirs - (before + self._local.now()) // 2
