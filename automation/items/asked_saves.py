"""One save that another item asks for: fields and perhaps the stage (spec 4.11, 4.12, 4.26)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import saves, stages
from automation.items.fields import assigned
from automation.items.turn import Turn
from automation.plan import Answer
from automation.values import Value

QUESTION = "save"
_VALUE = "value."
"""How the new values are named among the arguments."""


def arguments(
    fields: Mapping[str, Value], *, stage: str = "", append_multiple: bool = False, author: str = ""
) -> Mapping[str, Value]:
    """Return the arguments of the question; an empty stage stays, an empty author is whoever asks."""
    values = {f"{_VALUE}{code}": value for code, value in fields.items()}
    return {**values, "stage": stage, "append_multiple": append_multiple, "author": author}


def save(turn: Turn, asked: c.AskItem) -> Answer:
    """Save as asked, all of it or nothing; what cannot be saved is named in the reason."""
    args = asked.args
    rows = ((name.removeprefix(_VALUE), value) for name, value in args.items() if name.startswith(_VALUE))
    fields = assigned(
        turn.view.fields(turn.key.item_type), turn.state.fields, rows, append=args.get("append_multiple") is True
    )
    stage = str(args.get("stage") or "")
    moves = stage not in ("", turn.state.stage)
    if moves and stages.loops(turn):
        return Answer("failed", "loop_detected", {})
    if args.get("author"):
        turn.act(turn.actor, turn.source, str(args["author"]), turn.cause)
    turn.depth += moves
    return _saved(turn, c.SaveItem(fields, stage=stage or None))


def _saved(turn: Turn, change: c.SaveItem) -> Answer:
    try:
        saves.save(turn, change)
    except ChangeRefusedError as refused:
        return Answer("failed", saves.refusal(refused), {})
    return Answer("completed", "", {})
