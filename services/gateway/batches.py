"""Batches: processes that start on many items, or incidents that are decided on together, at a rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from automation.definitions.book import Book
from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame
from automation.items.process_changes import ControlProcess, StartProcess
from automation.values import Moment
from services.edge.clock import Clock
from services.edge.sql import Database
from services.gateway.sending import Letter, Outbox
from services.gateway.worklist import Worker, Worklist, as_data
from services.history.process_index import IncidentRow, SoughtIncidents
from services.history.queries import History
from services.history.values import from_json


class Batch(NamedTuple):
    """One batch; `status` is `running`, `done` (all asked for) or `cancelled`."""

    id: str
    tenant: str
    action: str
    """`start`, or of incidents `retry`, `skip` or `stop`."""
    template_id: str
    """Empty where incidents of several templates are meant."""
    template_version: int
    """The version to start; another one in force is not started. 0 for incidents."""
    params: str
    """Start parameters as JSON (see `services.history.values`)."""
    reason: str
    """Why processes are stopped."""
    asked_by: str
    per_second: int
    total: int
    sent: int
    status: str
    created_at: Moment
    due_at: Moment


class Batches(Worklist[Batch]):
    """The table of batches."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock, "batch_run", Batch)


class Target(NamedTuple):
    """What one change of a batch is about: an item, and of incidents instance and place."""

    item_type: str
    item_id: str
    instance_id: str = ""
    place: str = ""

    @property
    def text(self) -> str:
        """The target as it is kept."""
        return orjson.dumps(tuple(self)).decode()


def targets_of(incidents: Iterable[IncidentRow]) -> list[str]:
    """Return incidents as they are kept."""
    return [Target(one.item_type, one.item_id, one.instance_id, one.place).text for one in incidents]


class BatchWorker(Worker[Batch]):
    """Works batches off; what has been decided on since by somebody else is left alone."""

    def __init__(
        self, table: Batches, outbox: Outbox, clock: Clock, book: Callable[[], Book], history: Callable[[], History]
    ) -> None:
        super().__init__(table, outbox)
        self._batches, self._now, self._book, self._history = table, clock.now, book, history

    def letters(self, made: Batch, items: Sequence[str]) -> list[Letter]:
        """See `Worker`; a start of a version that is not in force any more ends its batch."""
        targets = [Target(*orjson.loads(text)) for text in items]
        if made.action != "start":
            return [self._letter(made, one) for one in targets if self._is_open(made.tenant, one)]
        view = self._book().tenant(made.tenant)
        template = view.active_template(made.template_id) if view else None
        if template is None or template.version != made.template_version:
            self._batches.cancel(made.tenant, made.id)
            return []
        return [self._letter(made, one) for one in targets]

    def _is_open(self, tenant: str, target: Target) -> bool:
        found = self._history().incidents(tenant, SoughtIncidents(instance=target.instance_id), limit=1_000)
        return any(one.place == target.place for one in found.incidents)

    def _letter(self, made: Batch, target: Target) -> Letter:
        key = Key(made.tenant, target.item_type, target.item_id)
        change_id = stable_id("batch", made.id, key.text, target.instance_id, target.place)
        frame = ChangeFrame(
            change_id, *key, self._now(), "manual", f"user:{made.asked_by}", 0, "", change_id, 0,
            self._book().version, b"",
        )  # fmt: skip
        return Letter("items", frame, _change(made, target))


def _change(made: Batch, target: Target) -> StartProcess | ControlProcess:
    if made.action == "start":
        return StartProcess(made.template_id, from_json(made.params))
    return ControlProcess(target.instance_id, made.action, target.place, None, made.reason)


def shown(made: Batch) -> dict[str, Any]:
    """Return a batch as it is shown."""
    return {**as_data(made), "params": from_json(made.params)}
