"""A start from the view of definitions is a full read, whatever was saved, however late or torn the view is."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from automation.definitions.book import Book
from automation.definitions.models import User
from automation.definitions.saved import DefinitionSaved
from services.edge.codec import DefinitionCodec
from services.edge.definitions import DefinitionsFollower
from services.edge.definitions_view import Viewed, headers_of, place_of, start
from services.history.definitions_view import Copied, InForce
from tests.core.spec import CATALOGUE, STAGES, pipeline, rule, trigger

CODEC = DefinitionCodec()
STAGE_KEYS = [("deal", "main", stage.id) for stage in STAGES]
LOG = "cluster/one"

Record = tuple[int, DefinitionSaved]


class ListReader:
    """A definitions partition in memory, with gaps where transactions ended."""

    def __init__(self, log: Sequence[Record], at: int) -> None:
        self._log, self._at = log, at

    async def poll(self, timeout_ms: int) -> list[tuple[int, bytes]]:
        """Return the rest."""
        found = [(at, CODEC.encode(saved)) for at, saved in self._log if at >= self._at]
        self._at = await self.end()
        return found

    async def end(self) -> int:
        """Return the offset after the last marker."""
        return self._log[-1][0] + 2 if self._log else 0

    async def position(self) -> int:
        """Return the next offset."""
        return self._at

    async def close(self) -> None:
        """Hold nothing."""


def _body(kind: str, name: str, rng: Random) -> Any:
    if kind == "rule":
        stage = rng.choice(STAGES).id
        return rule(name, "add_item_comment", stage, {"text": "hi"}, active=rng.random() < 0.8, order=rng.randint(0, 3))
    if kind == "trigger":
        return trigger(name, "track_order_payment", rng.choice(STAGES).id)
    if kind == "pipeline":
        return pipeline(name=name, default=rng.random() < 0.5)
    return User(id=name, name=f"{name} {rng.randint(1, 99)}")


def _apply(name: str, rng: Random, believed: dict[tuple[str, str, str], int]) -> list[DefinitionSaved]:
    """Return the records of one apply, most of them on top of the newest version."""
    made = []
    count = rng.randint(1, 3)
    for at in range(count):
        tenant, kind, one = (
            rng.choice(["acme", "zeta"]),
            rng.choice(["rule", "rule", "trigger", "pipeline", "user"]),
            "",
        )
        one = "main" if kind == "pipeline" else rng.choice("abc")
        old = max(0, believed.get((tenant, kind, one), 0) + rng.choice([0, 0, 0, 0, 0, -1, 1]))
        believed[tenant, kind, one] = old + 1
        deleted = rng.random() < 0.1
        body = "" if deleted else _body(kind, one, rng).model_dump_json()
        made.append(DefinitionSaved(tenant, kind, one, old + 1, old, "ann", 0, name, at == count - 1, deleted, body))
    return made


def _history(rng: Random) -> list[Record]:
    """Return a log in which the records of several applies stand between each other."""
    believed: dict[tuple[str, str, str], int] = {}
    running: list[list[DefinitionSaved]] = []
    log, offset = list[Record](), 0
    for count in range(rng.randint(0, 25)):
        running.append(_apply(f"apply-{count}", rng, believed))
        while running and rng.random() < 0.75:
            one = rng.choice(running)
            log.append((offset, one.pop(0)))
            offset += 1
            if not one:
                running.remove(one)
                offset += rng.randint(0, 1)
    return log


class View:
    """What `history` writes of a log, with crashes between transactions and compaction in between."""

    def __init__(self) -> None:
        self.records: list[tuple[Copied, str]] = []

    def write(self, log: Sequence[Record], rng: Random, name: str = LOG) -> None:
        """Take over the log, starting anew now and then."""
        while not self._session(log, rng, name):
            self._compact(rng)

    def _session(self, log: Sequence[Record], rng: Random, name: str) -> bool:
        force = InForce()
        for one in self.viewed(name):
            force.known(one.saved, one.place)
        for offset, saved in [record for record in log if record[0] >= force.next]:
            copied = force.take(saved, CODEC.encode(saved), offset)
            self.records += [(one, name) for one in copied]
            if rng.random() < 0.1:
                return False
        return True

    def _compact(self, rng: Random) -> None:
        """Drop what a later record of the same key replaces, in a part of the topic."""
        kept = self.records[(upto := rng.randint(0, len(self.records))) :]
        latest = {one.key: (one, log) for one, log in self.records[:upto]}
        self.records = [pair for pair in self.records[:upto] if latest[pair[0].key] == pair] + kept

    def viewed(self, name: str = LOG) -> list[Viewed]:
        """Return what a reader finds of a log."""
        placed = [(one.value, place_of(headers_of(one.place, log), name)) for one, log in self.records]
        return [Viewed(CODEC.decode(value), place) for value, place in placed if place is not None]


async def _read(log: Sequence[Record], viewed: Sequence[Viewed]) -> tuple[Book, int]:
    """Return a book at the log's end, and where reading the log began."""
    book = Book(CATALOGUE)
    begun = start(book, viewed, log[-1][0] + 2 if log else 0)
    await DefinitionsFollower(book, CODEC, ListReader(log, begun)).catch_up(None)
    return book, begun


def _facts(book: Book) -> Any:
    """Return all that the engine may ask, at every version that an item may have pinned."""
    found = [(tenant, book.tenant(tenant)) for tenant in ("acme", "zeta")]
    return book.version, {
        tenant: (
            view.current,
            view.versions,
            view.pipelines,
            {key: [_ids(view.rules(key, at)) for at in range(book.version + 2)] for key in STAGE_KEYS},
            {key: view.current_rules(key) for key in STAGE_KEYS},
            [(name, at, view.rule_version(name, at)) is None for name in "abc" for at in range(30)],
            [_ids(view.triggers("deal", "main", "order_paid")), view.directory],
        )
        for tenant, view in found
        if view is not None
    }


def _ids(compiled: Sequence[Any]) -> list[tuple[str, int]]:
    return [(one.id, one.version) for one in compiled]


@pytest.mark.parametrize("seed", range(60))
async def test_a_start_from_the_view_is_a_full_read(seed: int) -> None:
    """Applies overlap, are refused, are deletions; the view lags, was interrupted, is half compacted."""
    rng = Random(seed)
    log, view = _history(rng), View()
    view.write(log[: rng.randint(0, len(log))], rng)

    quick, _ = await _read(log, view.viewed())
    full, _ = await _read(log, [])

    assert _facts(quick) == _facts(full)


@pytest.mark.parametrize("seed", range(20))
async def test_a_view_of_another_log_counts_for_nothing(seed: int) -> None:
    """The topic was made anew: what the view has of the old one is not in force, also where both stand in it."""
    rng = Random(seed)
    log, view = _history(rng), View()
    view.write(_history(rng), rng, "cluster/gone")
    from_old, begun = await _read(log, view.viewed())
    view.write(log[: rng.randint(0, len(log))], rng)
    from_both, _ = await _read(log, view.viewed())
    full, _ = await _read(log, [])

    assert begun == 0
    assert _facts(from_old) == _facts(from_both) == _facts(full)


async def test_a_view_that_knows_more_than_the_log_is_not_used() -> None:
    """A log that lost its end is read whole."""
    rng = Random(3)
    log, view = _history(rng), View()
    view.write(log, rng)

    _, begun = await _read(log[:3], view.viewed())

    assert begun == 0


async def test_what_was_open_when_the_view_was_written_is_read_from_its_first_record() -> None:
    """An apply of two records around another one: the view has the other one, the log is read from the first."""
    first, last = _apply_of_two()
    other = DefinitionSaved("acme", "user", "b", 1, 0, "ann", 0, "other", True, False, '{"id": "b", "name": "B"}')
    log, view = [(0, first), (1, other), (2, last)], View()
    view.write(log[:2], Random(1))

    quick, begun = await _read(log, view.viewed())
    acme = quick.tenant("acme")

    assert begun == 0
    assert acme is not None
    assert set(acme.versions) == {("user", "a"), ("user", "b"), ("user", "c")}


def _apply_of_two() -> list[DefinitionSaved]:
    return [
        DefinitionSaved(
            "acme", "user", name, 1, 0, "ann", 0, "two", name == "c", False, f'{{"id": "{name}", "name": "N"}}'
        )
        for name in "ac"
    ]


async def test_a_record_of_a_release_that_did_not_name_the_log_is_not_used() -> None:
    """Its headers say only an offset."""
    assert place_of([("offset", b"3")], LOG) is None


class SlowReader(ListReader):
    """A partition whose last transaction is shown only when somebody has looked for its end a few times."""

    looks = 0

    async def end(self) -> int:
        """Return where the log ends so far."""
        self.looks += 1
        return await super().end() if self.looks > 3 else 0


async def test_what_was_just_saved_is_waited_for() -> None:
    """Kafka ends a transaction before its records can be read: they are not mistaken for lost ones."""
    log = list(enumerate(_apply("apply", Random(1), {})))
    version = log[-1][0] + 1
    follower = DefinitionsFollower(Book(CATALOGUE), CODEC, SlowReader(log, 0))
    await follower.catch_up(version)
    assert follower.book.version == 0

    await follower.reach(version)
    assert follower.book.version == version
