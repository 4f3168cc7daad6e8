"""Compare folded states with the index of `history` and with local stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rocksdict import AccessType, Options, Rdict

from automation.envelope import Key
from automation.items.state import ItemState
from automation.values import Value
from services.cli.replay.folding import Difference, Folded, Kind
from services.edge.processor.store import IDENTITY, ITEM, POSITION, end_of, read_item, read_number
from services.history.records import Current, stream_id
from services.history.store import HistoryReader
from services.history.values import from_json

HISTORY, STORE = "history", "local store"


class Compared(NamedTuple):
    """How many states were compared, how many the other side has not got to yet, and what differs."""

    compared: int
    behind: int
    differences: list[Difference]


def with_history(kind: Kind, folded: Folded, store: HistoryReader, tenant: str) -> Compared:
    """Compare each state with its current row; a row of another version is ahead or behind, not different."""
    compared, behind, found = 0, 0, list[Difference]()
    for text, state in _of(folded, tenant):
        row = store.current(stream_id(kind.log, Key.parse(text)))
        if row is None or row.version < state.version:
            behind += 1
        elif row.version == state.version:
            compared += 1
            found += [Difference(text, HISTORY, detail) for detail in _row_differs(state, row)]
    return Compared(compared, behind, found)


def _row_differs(state: Any, row: Current) -> Iterator[str]:
    if not isinstance(state, ItemState):
        return
    for name in ("pipeline", "stage", "responsible", "deleted", "recorded_at"):
        if getattr(state, name) != getattr(row, name):
            yield f"{name} is {getattr(row, name)!r}, the log says {getattr(state, name)!r}"[:200]
    theirs, ours = _set_fields(from_json(row.fields)), _set_fields(dict(state.fields))
    for code in sorted(theirs.keys() | ours.keys()):
        if theirs.get(code) != ours.get(code):
            yield f"field {code} is not what the log says"


def _set_fields(fields: dict[str, Value]) -> dict[str, Value]:
    return {code: value for code, value in fields.items() if value is not None}


def with_store(kind: Kind, folded: Folded, path: Path, tenant: str) -> Compared | None:
    """Compare each state with the stored bytes; None for a store of another fold, or one that lacks events of the log.

    The store is opened read-only; its service must not run, since it writes what it has not yet flushed.
    """
    # rocksdict's own store options would pickle values: raw mode takes bytes alone.
    database = Rdict(str(path), Options(raw_mode=True), access_type=AccessType.read_only())
    try:
        same_fold = (database.get(IDENTITY) or b"").startswith(b"%d|" % kind.fold_version)
        if not same_fold or read_number(database.get(POSITION)) < folded.next:
            return None
        return _bytes_differ(kind, folded, database, tenant)
    finally:
        database.close()


def _bytes_differ(kind: Kind, folded: Folded, database: Any, tenant: str) -> Compared:
    compared, found = 0, list[Difference]()
    for text, state in _of(folded, tenant):
        stored = database.get(ITEM + text.encode())
        compared += 1
        if stored is None:
            found.append(Difference(text, STORE, "there is no state"))
        elif read_item(stored).state != kind.write(state):
            found.append(Difference(text, STORE, f"version {read_item(stored).version} differs in its bytes"))
    found += _unknown(folded, database, tenant)
    return Compared(compared, 0, found)


def _unknown(folded: Folded, database: Any, tenant: str) -> Iterator[Difference]:
    """Yield stored items that the log does not know."""
    for key in database.keys(from_key=ITEM):
        if key >= end_of(ITEM):
            return
        text = key[len(ITEM) :].decode()
        if text not in folded.states and text.startswith(f"{tenant}/" if tenant else ""):
            yield Difference(text, STORE, "the log has no events of it")


def _of(folded: Folded, tenant: str) -> Iterator[tuple[str, Any]]:
    for text, state in folded.states.items():
        if not tenant or text.startswith(f"{tenant}/"):
            yield text, state


def stores_of(home: Path, kind: Kind, partition: int) -> list[Path]:
    """Return the local stores of a partition below STAGEWIRE_HOME: one per worker that ever owned it."""
    return sorted(found.parent for found in (home / kind.service).glob(f"**/{kind.stream}-{partition}/CURRENT"))
