"""Stage entries with the rules that they start: how whatever is no rule moves an item (spec 1.2, 6.3)."""

from __future__ import annotations

from automation.items import runs, stages
from automation.items.stages import Then
from automation.items.turn import Turn


def move(turn: Turn, to_stage: str, *, automated: bool, quiet: bool = False, then: Then = None) -> None:
    """Enter another stage of the same pipeline, and let its rules run."""
    stages.enter(turn, to_stage, automated=automated, quiet=quiet, then=then)
    turn.later(runs.advance)


def change_pipeline(
    turn: Turn, to_pipeline: str, to_stage: str, *, automated: bool = False, quiet: bool = False, then: Then = None
) -> None:
    """Enter a stage of another pipeline, and let its rules run."""
    stages.enter_pipeline(turn, to_pipeline, to_stage, automated=automated, quiet=quiet, then=then)
    turn.later(runs.advance)
