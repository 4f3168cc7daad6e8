"""A crash at every boundary of `history` leaves an index that is the log: nothing missing, nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from automation.envelope import Key
from automation.items import events as e
from automation.values import Money
from services.edge.sql import Database, PositionRefusedError, open_database
from services.history.records import LogRecord, stream_id
from services.history.store import SqlHistory
from tests.history_world import CONTEXT, Book, records, stream
from tests.notifier_world import Boundaries, CrashingDatabase, SimulatedCrash

pytest_plugins = ["tests.postgres", "tests.databases"]

KEYS = [Key("acme", "deal", str(number)) for number in range(3)]
_FETCH = 4
Life = Callable[[SqlHistory, Sequence[LogRecord]], None]


def _log(book: Book) -> list[LogRecord]:
    """Return the events of three deals, in turns, as one partition holds them."""
    created = e.ItemCreated({"title": "Roof", "amount": Money(1, "EUR")}, "sales", "new", "7", "7", (), automated=False)
    moves = [e.StageMoved("new", "won", 2, automated=False), e.StageMoved("won", "lost", 3, automated=False)]
    told = [records(book, stream(key, created, *moves)) for key in KEYS]
    turns = [record for turn in zip(*told, strict=True) for record in turn]
    return [record._replace(offset=offset) for offset, record in enumerate(turns)]


def _follow(store: SqlHistory, log: Sequence[LogRecord]) -> None:
    """Index fetch by fetch from the stored position, as the feed does."""
    for at in range(store.position(CONTEXT) or 0, len(log), _FETCH):
        fetch = log[at : at + _FETCH]
        store.write(fetch, {CONTEXT: at + len(fetch)})


def _lives(database: Database, log: Sequence[LogRecord], live: Life = _follow) -> Iterator[tuple[SqlHistory, str]]:
    """Yield the index for each boundary, after a crash there and a second life."""
    at = 0
    while True:
        at += 1
        store = SqlHistory(database)
        _empty(database)
        boundaries = Boundaries(at)
        try:
            live(SqlHistory(CrashingDatabase(database, boundaries), create=False), log)
        except SimulatedCrash as crash:
            live(store, log)
            yield store, f"{at}: {crash}"
        else:
            return


def _empty(database: Database) -> None:
    tracking = "tracking" if database.dialect == "sqlite" else "stagewire_tracking"
    with database.transaction() as transaction:
        for table in ("history_events", "history_current", "history_anomalies", tracking):
            transaction.run(f"DELETE FROM {table}")


def _is_whole(store: SqlHistory, log: Sequence[LogRecord]) -> bool:
    """Say whether each deal has all its events in order, with the current row of the last one."""
    wanted = {
        stream_id("item", key): [each.value for each in log if each.stream_id == stream_id("item", key)] for key in KEYS
    }
    found = {name: [row.value for row in store.events(name, limit=100)] for name in wanted}
    rows = [store.current(name) for name in wanted]
    stages = [(row.version, row.stage) for row in rows if row]
    return found == wanted and stages == [(3, "lost")] * len(KEYS) and store.count_anomalies() == 0


def test_the_index_is_the_log_wherever_the_process_ends(database: Database) -> None:
    """Events, current rows and position are kept together or not at all."""
    log, points = _log(Book()), []
    for store, point in _lives(database, log):
        assert _is_whole(store, log), point
        points.append(point)
    assert len(points) == 3 * -(-len(log) // _FETCH), points


def test_this_enumeration_sees_a_position_that_runs_ahead(tmp_path: Path) -> None:
    """An index that keeps its position before its events loses some: the test above is not blind."""

    def ahead(store: SqlHistory, log: Sequence[LogRecord]) -> None:
        for at in range(store.position(CONTEXT) or 0, len(log), _FETCH):
            fetch = log[at : at + _FETCH]
            store.write((), {CONTEXT: at + len(fetch)})
            with suppress(PositionRefusedError):
                store.write(fetch, {})

    database = open_database(f"sqlite:///{tmp_path}/h.db")
    log = _log(Book())
    assert not all(_is_whole(store, log) for store, _ in _lives(database, log, ahead))
    database.close()
