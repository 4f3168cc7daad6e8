"""Branches, paths, loops, variables: the steps that do no work of their own (spec 4.43)."""

from __future__ import annotations

from automation.conditions import Predicate
from automation.definitions import process_models as pm
from automation.definitions.compiled_process import CompiledStep, CompiledTemplate
from automation.insertion import InvalidValue
from automation.items import failures
from automation.items import process_events as p
from automation.items.turn import Turn
from automation.processes.flow import END, OVER, Go
from automation.processes.places import place_of, rounds_of, step_of
from automation.processes.scope import scope_in
from automation.processes.state import Instance
from automation.values import Value

LOOP_LIMIT = "loop_limit"


class At:
    """The step whose turn it is, in its instance."""

    __slots__ = ("instance", "place", "step", "template")

    def __init__(self, template: CompiledTemplate, instance: Instance, step: CompiledStep, place: str) -> None:
        self.template, self.instance, self.step, self.place = template, instance, step, place

    @property
    def named(self) -> tuple[str, str]:
        """Instance and place, as events name them."""
        return self.instance.instance_id, self.place

    @property
    def full_name(self) -> str:
        """Template and step, the same for all instances."""
        return f"{self.template.id}/{self.step.id}"

    @property
    def is_open(self) -> bool:
        """Say whether the paths that lead here still run: another one may have stopped them since it was queued."""
        step, rounds = self.step, rounds_of(self.place)
        while step.owner:
            owner = self.template.steps[step.owner]
            rounds = rounds[:-1] if owner.repeats else rounds
            if owner.kind == "parallel" and str(step.slot) not in self._paths(owner, rounds):
                return False
            step = owner
        return True

    def _paths(self, parallel: CompiledStep, rounds: tuple[int, ...]) -> tuple[str, ...]:
        return self.instance.paths.get(place_of(parallel.id, rounds), ())

    def contains(self, place: str) -> bool:
        """Say whether a place is in one of the blocks of this step, in the same rounds."""
        rounds = rounds_of(self.place)
        return self.template.is_under(step_of(place), self.step.id) and rounds_of(place)[: len(rounds)] == rounds


def choose(turn: Turn, at: At) -> Go:
    """Take the first branch whose condition holds, else the one for all other cases."""
    scope = scope_in(turn, at.template, at.instance, at.step, at.place)
    taken = next((slot for slot, holds in enumerate(at.step.holds) if holds(scope)), len(at.step.holds))
    branches = at.step.model.branches
    first = at.step.blocks[taken]
    title = branches[taken].title if taken < len(branches) else ""
    turn.emit(p.BranchTaken(*at.named, taken if taken < len(branches) or first else -1, title))
    return Go((place_of(first, rounds_of(at.place)),)) if first else OVER


def fork(turn: Turn, at: At) -> Go:
    """Open all paths."""
    turn.emit(p.PathsOpened(*at.named, len(at.step.blocks)))
    return Go(tuple(place_of(first, rounds_of(at.place)) for first in at.step.blocks))


def path_ended(turn: Turn, at: At, path: int) -> Go | None:
    """Note the end of a path: None while others are waited for; those that are not are for the engine to stop."""
    turn.emit(p.PathEnded(*at.named, path))
    instance = turn.state.processes[at.instance.instance_id]
    if instance.paths.get(at.place) and at.step.model.join == "all":
        return None
    stopped = tuple(place for place in (*instance.paths, *instance.loops) if at.contains(place))
    turn.emit(p.PathsJoined(*at.named, stopped))
    return OVER


def repeat(turn: Turn, at: At, number: int) -> Go:
    """Begin a round of a loop, or go on behind it."""
    model = at.step.model
    if isinstance(model, pm.IteratorStep):
        return _next_element(turn, at, number)
    if not _holds(turn, at, at.step.holds):
        return _loop_over(turn, at, number)
    if number >= model.most:
        return _loop_over(turn, at, number, LOOP_LIMIT)
    turn.emit(p.RoundBegan(*at.named, number))
    return _inside(at, number)


def _holds(turn: Turn, at: At, conditions: tuple[Predicate, ...]) -> bool:
    scope = scope_in(turn, at.template, at.instance, at.step, at.place)
    return bool(conditions) and conditions[0](scope)


def _inside(at: At, number: int) -> Go:
    return Go((place_of(at.step.blocks[0], (*rounds_of(at.place), number)),))


def _loop_over(turn: Turn, at: At, rounds: int, reason: str = "") -> Go:
    turn.emit(p.LoopEnded(*at.named, rounds, reason))
    if reason:
        failures.tell(turn, at.full_name, at.template.version, reason)
    return OVER


def _next_element(turn: Turn, at: At, number: int) -> Go:
    values = at.instance.loops.get(at.place) if number else _elements(turn, at)
    if values is None or number >= len(values):
        return _loop_over(turn, at, number)
    if number >= pm.MOST_ITERATIONS:
        return _loop_over(turn, at, number, LOOP_LIMIT)
    turn.emit(p.RoundBegan(*at.named, number, () if number else values))
    return _inside(at, number)


def _elements(turn: Turn, at: At) -> tuple[str, ...]:
    """Read what an iterator goes through, once."""
    scope = scope_in(turn, at.template, at.instance, at.step, at.place)
    read = at.step.source.resolve(scope) if at.step.source else None
    return read if isinstance(read, tuple) else ()


def assign(turn: Turn, at: At) -> Go:
    """Set variables, all of them with the values before the step; one that does not fit stays as it was."""
    made = resolved(turn, at)
    fitting = {code: value for code, value in made.items() if not isinstance(value, InvalidValue)}
    turn.emit(p.VariablesSet(*at.named, fitting))
    wrong = next((value for value in made.values() if isinstance(value, InvalidValue)), None)
    if wrong is not None:
        failures.tell(turn, at.full_name, at.template.version, wrong.reason)
    return OVER


def resolved(turn: Turn, at: At) -> dict[str, Value | InvalidValue]:
    """Return the values that a step assigns."""
    scope = scope_in(turn, at.template, at.instance, at.step, at.place)
    return {code: made.resolve(scope) for code, made in at.step.values.items()}


def end(_turn: Turn, _at: At) -> Go:
    """End the process here."""
    return END
