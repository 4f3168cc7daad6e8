"""What people are told of what they are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from automation.envelope import stable_id
from automation.items.planning import clock_of, told
from automation.records.turn import RecordTurn
from automation.records.types.human_task.body import HumanTask

_WORDS: Mapping[str, str] = {
    "approval": "Please approve or reject", "review": "Please read", "information": "Please answer"
}  # fmt: skip


def asked(turn: RecordTurn, people: Iterable[str], lead: str = "") -> None:
    """Tell people what they are asked, each with the deadline on his or her own clock, and the way to it."""
    task: HumanTask = turn.body
    for user in people:
        until = f". Until {clock_of(turn.view, user, task.deadline)}" if task.deadline else ""
        tell(turn, user, f"{lead}{_WORDS[task.kind]}: {task.title.text}{until}")


def tell(turn: RecordTurn, user: str, text: str) -> None:
    """Notify one employee; each notification has a key of its own, by the event that it follows."""
    effect_id = stable_id("human_task", turn.key_text, user, turn.state.version)
    for event in told(turn.view, user, effect_id, text, f"/human-tasks/{turn.key.item_id}"):
        turn.emit(event)


def names(turn: RecordTurn, people: Iterable[str]) -> str:
    """Return people by their names, as far as they have one."""
    return ", ".join(turn.view.directory.name_of(user) or user for user in people)
