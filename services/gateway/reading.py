"""The databases of other services, opened when first asked: they may come up after the gateway."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from automation.records import fold
from services.edge.codec import EventCodec
from services.edge.sql import Database, open_database
from services.gateway.problems import unavailable
from services.history.opening import open_history_reader
from services.history.queries import History
from services.notifier.inbox import Inbox
from services.notifier.receipts import Receipts
from services.notifier.recording import recorded_messages
from services.notifier.sent import SentMessages
from services.notifier.tables import ALL


class HistoryDoor:
    """Opens the index read-only; callable from any thread."""

    def __init__(self, url: str, events: EventCodec, payments: EventCodec) -> None:
        self._url, self._events, self._payments = url, events, payments
        self._lock = threading.Lock()
        self._open: History | None = None

    def __call__(self) -> History:
        """Return the queries; raises `Problem` (503) while there is no index."""
        with self._lock:
            if self._open is None:
                self._open = self._opened()
            return self._open

    def _opened(self) -> History:
        try:
            store = open_history_reader(self._url)
        except FileNotFoundError as missing:
            raise unavailable("the history has not been written yet") from missing
        return History(store, self._events.decode, fold, self._payments.decode)


class NotifierDoor:
    """Opens the notifier's database for inboxes and recorded messages; callable from any thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._open: Database | None = None

    def database(self) -> Database:
        """Return the database, its tables made if the notifier has not made them yet."""
        with self._lock:
            if self._open is None:
                opened = open_database(self._url)
                opened.create(ALL)
                self._open = opened
            return self._open

    def inbox(self) -> Inbox:
        """Return the employees' inboxes."""
        return Inbox(self.database())

    def sent(self) -> SentMessages:
        """Return the messages that leave, with their states."""
        return SentMessages(self.database())

    def receipts(self) -> Receipts:
        """Return where reports of providers are noted."""
        return Receipts(self.database())

    def messages(self, tenant: str, most: int) -> Sequence[Mapping[str, Any]]:
        """Return recorded messages of a tenant, newest first."""
        return recorded_messages(self.database(), tenant, most)
