"""Enrolments: items that stood in a stage before its rule did run it, at a rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame, EnrolItem
from automation.values import Moment
from services.edge.clock import Clock
from services.edge.sql import Database
from services.gateway.sending import Letter, Outbox
from services.gateway.worklist import MOST_ITEMS, SLICE_MS, RunningError, Worker, Worklist, as_data

__all__ = ["MOST_ITEMS", "SLICE_MS", "Enrolment", "EnrolmentWorker", "Enrolments", "RunningError", "as_data"]


class Enrolment(NamedTuple):
    """One enrolment; `status` is `running`, `done` (all asked for) or `cancelled`."""

    id: str
    tenant: str
    rule_id: str
    rule_version: int
    item_type: str
    asked_by: str
    per_second: int
    total: int
    sent: int
    status: str
    created_at: Moment
    due_at: Moment


class Enrolments(Worklist[Enrolment]):
    """The table of enrolments."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock, "enrolment", Enrolment)


def letter_of(made: Enrolment, item_id: str, now: Moment, version: int) -> Letter:
    """Return the change that enrols an item: the same id whenever the slice is sent again."""
    key = Key(made.tenant, made.item_type, item_id)
    change_id = stable_id("enrol", made.id, key.text)
    frame = ChangeFrame(
        change_id, *key, now, "manual", f"user:{made.asked_by}", 0, "", change_id, 0, version, b""
    )  # fmt: skip
    return Letter("items", frame, EnrolItem(made.rule_id, made.rule_version, made.id, made.asked_by))


class EnrolmentWorker(Worker[Enrolment]):
    """Works enrolments off."""

    def __init__(self, table: Enrolments, outbox: Outbox, clock: Clock, version: Callable[[], int]) -> None:
        super().__init__(table, outbox)
        self._now, self._version = clock.now, version

    def letters(self, made: Enrolment, items: Sequence[str]) -> list[Letter]:
        """See `Worker`."""
        return [letter_of(made, item_id, self._now(), self._version()) for item_id in items]
