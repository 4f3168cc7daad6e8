"""What is kept of a human task, and when its outcome is certain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from automation.forms import FormField
from automation.values import Moment, Personal, Value

OPEN = "open"
REJECTED = "rejected"
AGREED: Mapping[str, str] = {"approval": "approved", "review": "reviewed", "information": "answered"}
"""By kind, how one ends that people agreed to."""


@dataclass(frozen=True, slots=True)
class HumanVote:
    """What one employee said."""

    by: str
    verdict: str
    comment: Personal
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class HumanTask:
    """What later decisions need."""

    status: str = ""
    kind: str = ""
    title: Personal = Personal("")  # noqa: RUF009 - frozen
    text: Personal = Personal("")  # noqa: RUF009 - frozen
    assignees: tuple[str, ...] = ()
    """Those who have voted, or still may."""
    policy: str = ""
    quorum: int = 0
    deadline: Moment = 0
    escalate_to: tuple[str, ...] = ()
    escalate_at: Moment = 0
    """0 once it has happened."""
    remind_every: int = 0
    remind_at: Moment = 0
    check_at: Moment = 0
    form: tuple[FormField, ...] = ()
    item: str = ""
    step: str = ""
    instance_id: str = ""
    asked_by: str = ""
    effect_id: str = ""
    run_id: str = ""
    reply_to: str = ""
    votes: tuple[HumanVote, ...] = ()
    escalated: tuple[str, ...] = ()
    """Those it was escalated to: each of them decides alone."""
    delegated: Mapping[str, str] = field(default_factory=dict)
    """Who delegated it, by the employee who got it."""

    @property
    def voters(self) -> frozenset[str]:
        """Those who have voted."""
        return frozenset(vote.by for vote in self.votes)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Those who were asked and have not voted."""
        voters = self.voters
        return tuple(user for user in self.assignees if user not in voters)

    @property
    def involved(self) -> frozenset[str]:
        """All who may read what was said."""
        return self.voters.union(self.assignees, self.escalated, self.delegated.values())


class Count(NamedTuple):
    """How those who were asked have voted."""

    yes: int
    no: int
    open: int

    @property
    def asked(self) -> int:
        """How many there are in all."""
        return self.yes + self.no + self.open


def count(task: HumanTask) -> Count:
    """Count votes, and those that are missing."""
    no = sum(vote.verdict == REJECTED for vote in task.votes)
    return Count(len(task.votes) - no, no, len(task.waiting))


def outcome(task: HumanTask) -> str:
    """Return how the task ends whatever the others say; empty while that is not certain."""
    alone = next((vote.verdict for vote in task.votes if vote.by in task.escalated), "")
    return alone or _named(task, _CERTAIN[task.policy](count(task), task.quorum))


def at_deadline(task: HumanTask) -> str:
    """Return how the task ends with the votes that there are: `expired` unless a vote has its quorum."""
    found = count(task)
    voted = task.policy == "vote" and _quorate(found, task.quorum)
    return (_named(task, found.yes > found.no) if voted else "") or "expired"


def _named(task: HumanTask, agreed: bool | None) -> str:
    if agreed is None:
        return ""
    return AGREED[task.kind] if agreed else REJECTED


def _any(found: Count, _quorum: int) -> bool | None:
    return found.yes > 0 if found.yes or found.no else None


def _all(found: Count, _quorum: int) -> bool | None:
    if found.no:
        return False
    return True if found.yes and not found.open else None


def _vote(found: Count, quorum: int) -> bool | None:
    """More than half of the votes agree; a tie does not."""
    if not _quorate(found, quorum):
        return None
    if found.yes > found.no + found.open:
        return True
    return False if found.no >= found.yes + found.open else None


def _quorate(found: Count, quorum: int) -> bool:
    cast = found.yes + found.no
    return cast > 0 and cast * 100 >= quorum * found.asked


_CERTAIN: Mapping[str, Callable[[Count, int], bool | None]] = {"any": _any, "all": _all, "vote": _vote}
POLICIES = frozenset(_CERTAIN)
