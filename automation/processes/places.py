"""Places of steps in an instance: the id, behind `#` the number of the round at every loop level (spec 6.1)."""

from __future__ import annotations

Rounds = tuple[int, ...]


def place_of(step_id: str, rounds: Rounds = ()) -> str:
    """Return the place of a step."""
    return f"{step_id}#{'.'.join(map(str, rounds))}" if rounds else step_id


def step_of(place: str) -> str:
    """Return the id of the step."""
    return place.partition("#")[0]


def rounds_of(place: str) -> Rounds:
    """Return the rounds, the outermost loop's first."""
    text = place.partition("#")[2]
    return tuple(map(int, text.split("."))) if text else ()
