"""Which steps of a template have run when another one has its turn (spec 1.7, 6.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from automation.definitions import process_models as pm
from automation.definitions.compiled_process import blocks_of
from automation.definitions.tenant_view import TenantView

Before = Literal["surely", "perhaps", "never"]


class Spot(NamedTuple):
    """Where a step stands: whose block, which of its blocks, and its number in it."""

    owner: str
    block: int
    at: int


class Order:
    """The steps of one template with the places where they stand, the outermost block first."""

    def __init__(self, steps: Sequence[Any]) -> None:
        self.steps: dict[str, Any] = {}
        self._spots: dict[str, tuple[Spot, ...]] = {}
        self._note(steps, "", 0, ())

    def _note(self, steps: Sequence[Any], owner: str, block: int, around: tuple[Spot, ...]) -> None:
        for at, step in enumerate(steps):
            spots = (*around, Spot(owner, block, at))
            self.steps[step.id], self._spots[step.id] = step, spots
            for number, inner in enumerate(blocks_of(step)):
                self._note(inner, step.id, number, spots)

    def before(self, publisher: str, user: str) -> Before:
        """Say whether a step has ended when another one has its turn."""
        theirs, own = self._spots[publisher], self._spots[user]
        shared = _shared(theirs, own)
        if shared == len(theirs):
            return self._from_inside(publisher, user)
        if shared == len(own):
            return "surely" if isinstance(self.steps[user], pm.WhileStep) else self._again(own)
        first, then = theirs[shared], own[shared]
        if (first.owner, first.block) != (then.owner, then.block):
            return "perhaps"
        if first.at > then.at:
            return self._again(own[: shared + 1])
        return "surely" if all(self._joins(spot.owner) for spot in theirs[shared + 1 :]) else "perhaps"

    def _from_inside(self, publisher: str, user: str) -> Before:
        """The publisher is the step itself, or around it: only an iterator publishes something inside."""
        if publisher == user:
            return self._again(self._spots[user])
        return "surely" if isinstance(self.steps[publisher], pm.IteratorStep) else "perhaps"

    def _again(self, spots: Sequence[Spot]) -> Before:
        """What comes later has run before in a loop only."""
        repeats = (isinstance(self.steps.get(spot.owner), pm.WhileStep | pm.IteratorStep) for spot in spots)
        return "perhaps" if any(repeats) else "never"

    def _joins(self, owner: str) -> bool:
        """Say whether all blocks of a step have run when it has ended."""
        step = self.steps[owner]
        return isinstance(step, pm.ParallelStep) and step.join == "all"

    def encloses(self, owner: str, step: str) -> bool:
        """Say whether a step stands in a block of another one, however deep."""
        return any(spot.owner == owner for spot in self._spots[step])

    def earlier(self, step: str) -> Iterator[Any]:
        """Yield the steps that stand before a step in its own block and in those around it."""
        for spot in self._spots[step]:
            yield from (one for at, one in enumerate(self._block(spot)) if at < spot.at)

    def _block(self, spot: Spot) -> Sequence[Any]:
        if spot.owner:
            return blocks_of(self.steps[spot.owner])[spot.block]
        return [self.steps[name] for name, spots in self._spots.items() if len(spots) == 1]


def _shared(one: Sequence[Spot], other: Sequence[Spot]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def unreachable(steps: Sequence[Any], ending: Mapping[str, bool]) -> int:
    """Return the number of the first step of a block that comes behind an end of the process; 0 for none."""
    return next((at + 1 for at, step in enumerate(steps[:-1]) if ends(step, ending)), 0)


def ends(step: Any, ending: Mapping[str, bool]) -> bool:
    """Say whether the process is at its end behind a step; `ending` says so of actions."""
    match step:
        case pm.EndStep():
            return True
        case pm.ActionStep():
            return ending.get(step.type, False)
        case pm.IfStep():
            return all(_ends_inside(block, ending) for block in blocks_of(step))
        case pm.ParallelStep():
            return step.join == "all" and any(_ends_inside(block, ending) for block in blocks_of(step))
        case _:
            return False


def _ends_inside(steps: Sequence[Any], ending: Mapping[str, bool]) -> bool:
    return any(ends(step, ending) for step in steps)


# --- processes that run each other ---------------------------------------------------------------------------


def circle(view: TenantView, made: pm.Template, *, waited: bool) -> tuple[str, ...]:
    """Return templates that run each other from this one back to it; `waited` counts runs behind a wait, too."""
    graph: dict[str, tuple[str, ...]] = {}
    path: list[tuple[str, Iterator[str]]] = [(made.id, iter(_runs(view, made.id, graph, waited)))]
    seen: set[str] = set()
    while path:
        following = next(path[-1][1], None)
        if following is None:
            path.pop()
        elif following == made.id:
            return (*(name for name, _ in path), following)
        elif following not in seen:
            seen.add(following)
            path.append((following, iter(_runs(view, following, graph, waited))))
    return ()


def _runs(view: TenantView, name: str, graph: dict[str, tuple[str, ...]], waited: bool) -> tuple[str, ...]:
    """Return the templates that a template runs; an archived one runs none."""
    if name not in graph:
        made = view.current.get(("template", name))
        found = _run_by(view, made, waited) if isinstance(made, pm.Template) and made.status != "archived" else ()
        graph[name] = tuple(found)
    return graph[name]


def _run_by(view: TenantView, made: pm.Template, waited: bool) -> Iterator[str]:
    runs = [step for _, step in pm.walk(made.steps) if isinstance(step, pm.ProcessStep)]
    order = Order(made.steps) if runs else Order(())
    for step in runs:
        if waited or not any(rests(one, view) for one in order.earlier(step.id)):
            yield step.template


def rests(step: Any, view: TenantView) -> bool:
    """Say whether a step waits for time, an item or a person."""
    entry = view.catalogue.get(step.type) if isinstance(step, pm.ActionStep) else None
    return entry is not None and entry.group in ("waits", "human")
