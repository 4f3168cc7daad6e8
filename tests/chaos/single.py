"""The crew of one stream: workers, a sender, and the comparison with the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.chaos.checker import check
from tests.chaos.plan import Plan
from tests.chaos.subject import Place, new_topics
from tests.chaos.world import Child, Crew, Group, options


def worker(home: Path, name: str, place: Place, mutant: str, tree: Path | None = None) -> Child:
    """Make a worker of a stream, from another source tree if one is given."""
    given = {"data": home / name, "mutant": mutant, **_where(place)}
    return Child(name, lambda: options("tests.chaos.worker", given), home, tree=tree or Path.cwd())


def sender(home: Path, name: str, place: Place, rate: int, seeds: Iterator[int], *flags: str) -> Child:
    """Make a sender with a seed of its own at each start."""

    def words() -> list[str]:
        return options("tests.chaos.sender", {"rate": rate, "seed": next(seeds), **_where(place)}, *flags)

    return Child(name, words, home)


def stray(home: Path, name: str, place: Place, seeds: Iterator[int]) -> Child:
    """Make a sender with another client's partitioner."""
    return sender(home, name, place, 100, seeds, "--wrong", "--count", "100")


def single(plan: Plan, home: Path, prefix: str, bootstrap: str) -> Crew:
    """Return the crew of the plan's stream."""
    place = Place(plan.stream, prefix, bootstrap, plan.partitions)
    seeds = iter(range(1, 1_000_000))
    workers = [worker(home, f"worker-{number}", place, plan.mutant) for number in range(plan.workers)]
    return Crew(
        topics=new_topics(place),
        groups=[Group(place, workers)],
        others=(),
        senders=[sender(home, "sender", place, plan.rate, seeds)],
        strays=[stray(home, "stray", place, seeds)],
        beside=lambda tree: worker(home, "other", place, "none", tree),
        check=lambda up_to: check(place, up_to),
    )


def _where(place: Place) -> dict[str, str]:
    return {"stream": place.subject, "prefix": place.prefix, "bootstrap": place.bootstrap}
