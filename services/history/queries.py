"""What can be asked of history. Every question names the tenant; nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from automation.dates import DAY
from automation.envelope import Key, Recorded
from automation.records.model import RecordType
from automation.records.types.booking_calendar.record import RECORD as BOOKINGS
from automation.values import Moment
from services.history.activities import ActivityEntry, activities
from services.history.agenda import MOST_DAYS, AgendaEntry, BookingEntry, booked, marks, of_user
from services.history.fates import MESSAGES, TOLD_BY, Fates
from services.history.process_index import (
    IncidentRow,
    ProcessRow,
    ProcessTotal,
    SoughtIncidents,
    SoughtProcesses,
)
from services.history.process_log import ProcessEntry, Why, process_entry
from services.history.records import Anomaly, Current, Log, Sought, StageTotal, StoredRow, stream_id
from services.history.run_log import RunLog, run_log
from services.history.store import HistoryReader
from services.history.timeline import JournalEntry, TimelineEntry, journal_entries, timeline_entry
from services.history.waits import TOLD_BY as WAIT_TOLD_BY
from services.history.waits import WAIT, WaitFates

ReadEvent: TypeAlias = Callable[[bytes], Recorded]
"""Decodes the bytes of one event; raises where they cannot be read, for what is in a log must be readable."""

PAGE = 500
"""Events read from the store at a time."""
LARGEST_PAGE = 1_000
"""Entries that one answer holds at most."""


class Fold(Protocol):
    """The core's fold of an item: `automation.items.evolve`."""

    def initial(self) -> Any:
        """Return the state of an item without events."""
        ...

    def evolve(self, state: Any, recorded: Recorded) -> Any:
        """Return the state after an event."""
        ...


class Page(NamedTuple):
    """Timeline entries, newest first; `before` asks for the next page, `None` at the end."""

    entries: tuple[TimelineEntry, ...]
    before: int | None


class ItemPage(NamedTuple):
    """Current items, last changed first; `before` asks for the next page, `None` at the end."""

    items: tuple[Current, ...]
    before: tuple[int, str] | None


class ProcessPage(NamedTuple):
    """Instances with the number of their incidents; `before` asks for the next page, `None` at the end."""

    processes: tuple[tuple[ProcessRow, int], ...]
    before: tuple[int, str] | None


class IncidentPage(NamedTuple):
    """Open incidents; `before` asks for the next page, `None` at the end."""

    incidents: tuple[IncidentRow, ...]
    before: tuple[int, str] | None


class AsOf(NamedTuple):
    """The state of an item after its event `version`; version 0 means that it did not exist yet."""

    state: Any
    version: int
    recorded_at: Moment


class History:
    """The queries, on a store, a decoder and the core's fold. Methods block: call them in a thread."""

    def __init__(
        self, store: HistoryReader, read_event: ReadEvent, fold: Fold, read_payment: ReadEvent | None = None
    ) -> None:
        self._store = store
        self._read = read_event
        self._read_payment = read_payment or read_event
        self._fold = fold

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def exists(self, key: Key) -> bool:
        """Say whether the item was ever created; a deleted one still has its history."""
        return self._store.current(stream_id("item", key)) is not None

    def current(self, key: Key) -> Current | None:
        """Return the current row of an item."""
        return self._store.current(stream_id("item", key))

    def events(self, key: Key, *, after: int = 0, limit: int = PAGE, log: Log = "item") -> list[Recorded]:
        """Return events with `version > after`, oldest first; `log="payment"` reads those of a payable."""
        rows = self._store.events(stream_id(log, key), after=after, limit=min(limit, LARGEST_PAGE))
        read = self._read if log == "item" else self._read_payment
        return [read(row.value) for row in rows]

    def timeline(self, key: Key, *, before: int | None = None, limit: int = 50) -> Page:
        """Return the timeline from its newest entry, or from before the version `before` (spec 6.5).

        E-mails and SMS carry `status`, `reason`, `tries` and `delivery`, e-mails also `opened_at` and `clicks`.
        """
        limit = max(1, min(limit, LARGEST_PAGE))
        entries: list[TimelineEntry] = []
        for recorded in self._newest_first(key, before):
            entry = timeline_entry(recorded)
            if entry is not None:
                entries.append(entry)
            if len(entries) > limit:
                break
        page = entries[:limit]
        more = page[-1].version if len(entries) > limit else None
        return Page(tuple(self._closed(key, list(self._delivered(key, page)))), more)

    def journal(self, key: Key, *, before: int | None = None, limit: int = 100) -> list[JournalEntry]:
        """Return field changes and records that processes added, newest first.

        The entries of one save stay together, so a page may be larger.
        """
        entries: list[JournalEntry] = []
        for recorded in self._newest_first(key, before):
            entries += journal_entries(recorded)
            if len(entries) >= min(limit, LARGEST_PAGE):
                break
        return entries

    def state_as_of(self, key: Key, *, version: int | None = None, recorded_at: Moment | None = None) -> AsOf:
        """Return the state after the event `version`, or after the last event recorded at or before a moment.

        With neither, the latest. Raises `ValueError` for both, and for a version that the item does not have.
        """
        if version is not None and recorded_at is not None:
            raise ValueError("as of a version or of a moment, not both")
        found = AsOf(self._fold.initial(), 0, 0)
        for recorded in self._oldest_first(key, version):
            envelope = recorded.envelope
            if recorded_at is not None and envelope.recorded_at > recorded_at:
                break
            found = AsOf(self._fold.evolve(found.state, recorded), envelope.version, envelope.recorded_at)
        if version is not None and version != found.version:
            raise ValueError(f"the item has no version {version}; its last one is {found.version}")
        return found

    def run_log(self, key: Key) -> RunLog:
        """Return each rule run and firing with outcome, reason, results, calls and their tries."""
        return run_log(self._oldest_first(key, None))

    def process(
        self, key: Key, instance_id: str, *, version: int | None = None, recorded_at: Moment | None = None,
        why: Why | None = None,
    ) -> ProcessEntry | None:  # fmt: skip
        """Return one process of an item with its log: now, as of a version, or of a moment; `why` explains branches.

        None where it had not begun by then.
        """
        return process_entry(self._states(key, version, recorded_at), instance_id, why)

    def _states(self, key: Key, version: int | None, until: Moment | None) -> Iterator[tuple[Any, Recorded, Any]]:
        """Yield the events of an item, each between the states before and after it."""
        state = self._fold.initial()
        for recorded in self._oldest_first(key, version):
            if until is not None and recorded.envelope.recorded_at > until:
                return
            before, state = state, self._fold.evolve(state, recorded)
            yield before, recorded, state

    def processes(
        self, tenant: str, sought: SoughtProcesses, *, before: tuple[int, str] | None = None, limit: int = 50
    ) -> ProcessPage:
        """Return instances of templates, started last first, each with the number of its open incidents."""
        limit = max(1, min(limit, LARGEST_PAGE))
        found = self._store.processes(tenant, sought, before, limit + 1)
        more = (found[limit - 1][0].started_at, found[limit - 1][0].instance_id) if len(found) > limit else None
        return ProcessPage(tuple(found[:limit]), more)

    def incidents(
        self, tenant: str, sought: SoughtIncidents, *, before: tuple[int, str] | None = None, limit: int = 50
    ) -> IncidentPage:
        """Return open incidents of all items, raised last first."""
        limit = max(1, min(limit, LARGEST_PAGE))
        found = self._store.incidents(tenant, sought, before, limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return IncidentPage(
            tuple(found[:limit]), (last.raised_at, f"{last.instance_id}/{last.place}") if last else None
        )  # fmt: skip

    def process_totals(self, tenant: str) -> Sequence[ProcessTotal]:
        """Return, by template, how many instances have not ended, and how many decisions they wait for."""
        return self._store.process_totals(tenant)

    def activities(self, key: Key) -> list[ActivityEntry]:
        """Return the activities of an item, those that are over included, in the order in which they were planned."""
        return activities(self._oldest_first(key, None))

    def agenda(self, tenant: str, user: str, types: Iterable[str], since: Moment, until: Moment) -> list[AgendaEntry]:
        """Return an employee's activities on items of these types that begin in a time, in that order.

        Raises `ValueError` for more than `agenda.MOST_DAYS` days.
        """
        if until - since > MOST_DAYS * DAY:
            raise ValueError(f"more than {MOST_DAYS} days")
        rows: dict[str, Current] = {}
        for mark in marks(user, since, until):
            for item_type in types:
                found = self._store.records(tenant, item_type, Sought((mark,)), None, LARGEST_PAGE)
                rows |= {row.stream_id: row for row in found}
        entries = [
            AgendaEntry(row.item_type, row.item_id, row.title, entry)
            for row in rows.values()
            for entry in of_user(self.activities(Key(tenant, row.item_type, row.item_id)), user, since, until)
        ]
        return sorted(entries, key=lambda one: (one.entry.activity.start, one.entry.activity.activity_id))

    def bookings(self, tenant: str, user: str, since: Moment, until: Moment) -> list[BookingEntry]:
        """Return an employee's bookings, of all fields, that begin in a time and are not over, in that order."""
        sought = Sought((("member", user),))
        rows = self._store.records(tenant, BOOKINGS.name, sought, None, LARGEST_PAGE)
        found = (
            entry
            for row in rows
            for entry in booked(
                row.item_id, self.record_body(Key(tenant, BOOKINGS.name, row.item_id), BOOKINGS), user, since, until
            )
        )
        return sorted(found, key=lambda one: (one.start, one.booking_id))

    def items(
        self,
        tenant: str,
        item_type: str,
        *,
        pipeline: str = "",
        stage: str = "",
        before: tuple[int, str] | None = None,
        limit: int = 50,
    ) -> ItemPage:
        """Return current items, last changed first; deleted ones are left out."""
        limit = max(1, min(limit, LARGEST_PAGE))
        return _page(self._store.items(tenant, item_type, pipeline, stage, before, limit + 1), limit)

    def records(
        self, tenant: str, record_type: str, sought: Sought, *, before: tuple[int, str] | None = None, limit: int = 50
    ) -> ItemPage:
        """Return records of a type that have what is sought, last changed first."""
        limit = max(1, min(limit, LARGEST_PAGE))
        return _page(self._store.records(tenant, record_type, sought, before, limit + 1), limit)

    def entries(
        self, key: Key, kinds: Collection[str], *, after: int = 0, limit: int = 50
    ) -> tuple[list[Recorded], int | None]:
        """Return a record's events of these classes with `version > after`, oldest first, and where the next begin."""
        found: list[Recorded] = []
        for row in self._rows(stream_id("item", key), after, None):
            if row.type in kinds:
                if len(found) == min(limit, LARGEST_PAGE):
                    return found, found[-1].envelope.version
                found.append(self._read(row.value))
        return found, None

    def record_body(self, key: Key, record: RecordType) -> Any:
        """Return what a record's type keeps now; events that do not change it, such as messages, are not decoded."""
        kinds = {kind.__name__ for kind in record.folds}
        body, rows = record.body(), self._rows(stream_id("item", key), 0, None)
        for env, event in (self._read(row.value) for row in rows if row.type in kinds):
            body = record.folds[type(event)](body, env, event)
        return body

    def stage_totals(self, tenant: str, item_type: str) -> Sequence[StageTotal]:
        """Return the number of items and the sum of their amounts in each stage, by currency."""
        return self._store.stage_totals(tenant, item_type)

    def anomalies(self, tenant: str, limit: int = 100) -> Sequence[Anomaly]:
        """Return where a tenant's streams have gaps or contradict themselves, newest first."""
        return self._store.anomalies(tenant, min(limit, LARGEST_PAGE))

    def _oldest_first(self, key: Key, upto: int | None) -> Iterator[Recorded]:
        return (self._read(row.value) for row in self._rows(stream_id("item", key), 0, upto))

    def _rows(self, stream: str, after: int, upto: int | None) -> Iterator[StoredRow]:
        """Yield the rows of a stream behind a version, oldest first."""
        rows: Sequence[StoredRow] = self._store.events(stream, after=after, upto=upto, limit=PAGE)
        while rows:
            yield from rows
            after = rows[-1].version
            rows = self._store.events(stream, after=after, upto=upto, limit=PAGE) if len(rows) == PAGE else ()

    def _newest_first(self, key: Key, before: int | None) -> Iterator[Recorded]:
        stream, upto = stream_id("item", key), None if before is None else before - 1
        while upto is None or upto > 0:
            rows = self._store.events(stream, upto=upto, newest_first=True, limit=PAGE)
            for row in rows:
                yield self._read(row.value)
            if len(rows) < PAGE:
                return
            upto = rows[-1].version - 1

    def _closed(self, key: Key, entries: Sequence[TimelineEntry]) -> Sequence[TimelineEntry]:
        """Say of each wait whether it is over: it is when its step has ended."""
        waits = [entry for entry in entries if entry.kind == WAIT]
        if not waits:
            return entries
        fates = WaitFates(str(entry.facts["run_id"]) for entry in waits)
        for row in self._rows(stream_id("item", key), min(entry.version for entry in waits), None):
            if row.type in WAIT_TOLD_BY:
                fates.take(self._read(row.value))
        return [
            entry._replace(facts={**entry.facts, **fates.of(str(entry.facts["run_id"]))})
            if entry.kind == WAIT
            else entry
            for entry in entries
        ]

    def _delivered(self, key: Key, entries: Sequence[TimelineEntry]) -> Iterator[TimelineEntry]:
        messages = [entry for entry in entries if entry.kind in MESSAGES]
        fates = self._fates(key, messages) if messages else None
        for entry in entries:
            if fates is not None and entry.kind in MESSAGES:
                told = fates.of(str(entry.facts["effect_id"]))
                entry = entry._replace(facts={**entry.facts, **told})  # noqa: PLW2901 a new tuple
            yield entry

    def _fates(self, key: Key, messages: Sequence[TimelineEntry]) -> Fates:
        """Return what became of messages, looking from the first one on to the item's last event."""
        by_kind: dict[str, list[str]] = {kind: [] for kind in MESSAGES}
        for entry in messages:
            by_kind[entry.kind].append(str(entry.facts["effect_id"]))
        fates = Fates(by_kind["client_email"], by_kind["client_sms"])
        stream, after, more = stream_id("item", key), min(entry.version for entry in messages), True
        while more:
            rows = self._store.events(stream, after=after, limit=PAGE)
            for row in rows:
                if row.type in TOLD_BY:
                    fates.take(self._read(row.value))
            more = len(rows) == PAGE
            after = rows[-1].version if rows else after
        return fates


def _page(found: Sequence[Current], limit: int) -> ItemPage:
    page = tuple(found[:limit])
    return ItemPage(page, (page[-1].recorded_at, page[-1].stream_id) if len(found) > limit else None)
