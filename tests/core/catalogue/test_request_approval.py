"""Approval by any, all or most of the people asked; deadlines, escalation, delegation, and the end of the process."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.definitions import models as m
from automation.errors import ChangeRefusedError
from automation.items import process_events as p
from automation.items.effects import ItemAsked
from automation.items.human_events import PeopleAsked, PeopleDecided
from automation.records.types.human_task import events as e
from automation.records.types.human_task.body import HumanTask, HumanVote, at_deadline, outcome
from automation.values import Personal
from tests.core.human_world import HOUR, Asking, wrong

DAY = 24 * HOUR


def approval(*assignees: str, **params: Any) -> Asking:
    """Return a world in which these are asked to approve."""
    more = params.pop("more", ())
    return Asking("request_approval", *more, assignees=[f"user:{name}" for name in assignees], **params)


def test_one_of_several_decides_for_all() -> None:
    """The process goes on with who it was and what was said; the item's log says that people were asked."""
    world = approval("bob", "cid")
    assert world.told() == [
        ("bob", "Please approve or reject: Offer Desk"),
        ("cid", "Please approve or reject: Offer Desk"),
    ]
    assert (world.status, world.decision) == ("open", "")

    world.says("cid", "approve", "fine")
    assert world.results == {
        "task_id": world.task.key.item_id, "decision": "approved", "decided_by": "cid", "comment": Personal("fine"),
        "approved": 1, "rejected": 0, "asked": 2,
    }  # fmt: skip
    (asked,), (decided,) = world.events("deal/1", PeopleAsked), world.events("deal/1", PeopleDecided)
    assert (asked.task_id, asked.assignees, asked.title) == (decided.task_id, ("bob", "cid"), Personal("Offer Desk"))
    assert (decided.decision, decided.decided_by, decided.comment.text) == ("approved", "cid", "fine")
    assert world.events("deal/1", p.ProcessEnded)[0].outcome == "completed"


def test_all_have_to_approve_and_one_rejection_is_enough() -> None:
    """Comments are joined, with their authors."""
    world = approval("bob", "cid", policy="all").says("bob", "approve", "good")
    assert world.decision == ""
    world.says("cid", "approve", "great")
    assert (world.decision, world.results["comment"].text) == ("approved", "Bob: good\nCid: great")

    assert approval("bob", "cid", policy="all").says("bob", "reject").decision == "rejected"


@pytest.mark.parametrize(
    ("votes", "quorum", "decision"),
    [
        ("y", 50, ""),
        ("yyy", 50, "approved"),
        ("nn", 50, ""),
        ("nnn", 50, "rejected"),
        ("yyy", 80, ""),
        ("yyyn", 80, "approved"),
        ("yyn", 50, ""),
        ("ynynn", 50, "rejected"),
    ],
)
def test_a_vote_is_decided_as_soon_as_it_is_certain(votes: str, quorum: int, decision: str) -> None:
    """By more than half of the votes, once the quorum has voted."""
    people = ("ann", "bob", "cid", "dan", "eve")
    world = approval(*people, policy="vote", quorum=quorum)
    for user, vote in zip(people, votes, strict=False):
        world.says(user, "approve" if vote == "y" else "reject")

    assert world.decision == decision


def test_a_tie_is_no_majority() -> None:
    """Certain once nobody can break it."""
    world = approval("bob", "cid", policy="vote").says("bob", "reject")
    assert world.decision == "rejected"
    assert approval("bob", "cid", policy="vote").says("bob", "approve").says("cid", "reject").decision == "rejected"


@given(st.lists(st.sampled_from("yn-"), min_size=1, max_size=9), st.integers(1, 100), st.data())
def test_what_is_certain_stays_so_whatever_the_others_say(marks: list[str], quorum: int, data: st.DataObject) -> None:
    """Further votes never turn an outcome, and with all of them there is one."""
    task = voted(marks, quorum)
    rest = [mark if mark != "-" else data.draw(st.sampled_from("yn")) for mark in marks]
    final = outcome(voted(rest, quorum))

    assert final in ("approved", "rejected")
    assert outcome(task) in ("", final)
    if outcome(task):
        assert at_deadline(task) == outcome(task)


def voted(marks: list[str], quorum: int) -> HumanTask:
    """Return a vote of people who agreed, did not, or have not said anything."""
    people = [str(at) for at in range(len(marks))]
    said = {"y": "approved", "n": "rejected"}
    votes = [
        HumanVote(who, said[mark], Personal(""), {}) for who, mark in zip(people, marks, strict=True) if mark != "-"
    ]
    return HumanTask("open", "approval", assignees=tuple(people), policy="vote", quorum=quorum, votes=tuple(votes))


# --- people --------------------------------------------------------------------------------------------------


def test_people_are_read_when_the_step_begins() -> None:
    """Roles of the item, groups, departments; each once, nobody who is gone."""
    team = m.Role(id="managers", members=("cid", "bob"))
    world = Asking("request_approval", team, assignees=["role:responsible", "role:managers", "user:old", "user:bob"])
    assert world.task.body.assignees == ("ann", "cid", "bob")

    nobody = Asking("request_approval", assignees=["user:old", "role:observers"])
    assert nobody.failure == "no_recipient"
    assert [key.item_type for key in nobody.stories] == ["deal"]


@pytest.mark.parametrize(
    ("user", "decision", "reason"),
    [
        ("dan", "approve", "not_assigned"),
        ("", "approve", "not_assigned"),
        ("bob", "acknowledge", "invalid_value"),
        ("bob", "answer", "invalid_value"),
    ],
)
def test_only_those_who_are_asked_decide_and_only_what_is_asked(user: str, decision: str, reason: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ChangeRefusedError) as refused:
        approval("bob").says(user, decision)
    assert refused.value.reason == reason


def test_nobody_decides_twice_or_too_late() -> None:
    """The first word stands."""
    world = approval("bob", "cid", policy="all").says("bob", "approve")
    with pytest.raises(ChangeRefusedError, match="already_decided"):
        world.says("bob", "reject")
    world.says("cid", "approve")
    with pytest.raises(ChangeRefusedError, match="not_open"):
        world.says("cid", "approve")
    with pytest.raises(ChangeRefusedError, match="comment"):
        approval("bob").says("bob", "approve", "x" * 10_001)


def test_a_delegate_decides_instead_and_is_told_by_whom() -> None:
    """Who delegated stays on record, and decides no more."""
    world = approval("bob", "cid", policy="all").delegates("bob", "dan")
    assert world.told() == [("dan", "Bob delegated this to you. Please approve or reject: Offer Desk")]
    with pytest.raises(ChangeRefusedError, match="not_assigned"):
        world.says("bob", "approve")

    world.says("dan", "approve").says("cid", "approve")
    assert (world.decision, world.results["asked"]) == ("approved", 2)
    assert [vote.delegated_by for vote in world.events(world.name, e.HumanTaskVoted)] == ["bob", ""]
    assert world.task.body.involved == {"bob", "cid", "dan"}


@pytest.mark.parametrize(("to", "reason"), [("old", "unknown_user"), ("", "unknown_user"), ("cid", "already_assigned")])
def test_nobody_delegates_to_somebody_who_cannot_decide(to: str, reason: str) -> None:
    """Gone, unknown, or asked already."""
    with pytest.raises(ChangeRefusedError) as refused:
        approval("bob", "cid").delegates("bob", to)
    assert refused.value.reason == reason


# --- time ----------------------------------------------------------------------------------------------------


def test_after_the_deadline_the_decision_is_that_it_expired() -> None:
    """With the comments so far; the process goes on and may ask for it."""
    world = approval("bob", "cid", policy="all", deadline="2h").says("bob", "approve", "good")
    assert world.wakes().results == {
        "task_id": world.task.key.item_id, "decision": "expired", "decided_by": None, "comment": Personal("good"),
        "approved": 1, "rejected": 0, "asked": 2,
    }  # fmt: skip
    assert world.task.now == 1_000 + 2 * HOUR
    assert world.status == "expired"


@pytest.mark.parametrize(
    ("votes", "decision"), [("", "expired"), ("yy", "expired"), ("yyn", "approved"), ("ynn", "rejected")]
)
def test_a_vote_with_its_quorum_is_decided_at_the_deadline(votes: str, decision: str) -> None:
    """By the votes that there are."""
    people = ("ann", "bob", "cid", "dan", "eve")
    world = approval(*people, policy="vote", quorum=60, deadline="1d")
    for user, vote in zip(people, votes, strict=False):
        world.says(user, "approve" if vote == "y" else "reject")
    while not world.decision:
        world.wakes()

    assert world.decision == decision


def test_those_who_have_not_decided_are_reminded_again_and_again() -> None:
    """Each time after the same time."""
    world = approval("bob", "cid", policy="all", remind_every="90m", deadline="4h").says("bob", "approve").wakes()
    assert world.told() == [("cid", "Reminder. Please approve or reject: Offer Desk. Until 1970-01-01 04:00")]
    assert world.wakes().task.now == 1_000 + 3 * HOUR
    assert world.wakes().decision == "expired"


def test_after_a_time_it_escalates() -> None:
    """Those it escalates to decide alone, those who were asked are told and may still decide."""
    world = approval(
        "bob", "cid", policy="all", escalate_to=["role:responsible_supervisor"], escalate_after="3h"
    ).wakes()
    assert world.told() == [
        ("boss", "Escalated, not decided by Bob, Cid. Please approve or reject: Offer Desk"),
        ("bob", "Escalated to Berta Boss: Offer Desk"),
        ("cid", "Escalated to Berta Boss: Offer Desk"),
    ]

    world.says("bob", "approve").says("boss", "reject")
    assert (world.decision, world.results["decided_by"]) == ("rejected", "boss")


def test_groups_it_escalates_to_are_read_when_it_does() -> None:
    """Whoever is a member by then; an escalation to nobody leaves it with those who were asked."""
    world = approval("bob", escalate_to=["department:team"], escalate_after="1h").dismisses("cid", "dan")
    assert world.wakes().task.body.escalated == ("bob", "eve")

    alone = approval("bob", escalate_to=["user:old"], escalate_after="1h").wakes()
    assert (alone.told(), alone.says("bob", "approve").decision) == ([], "approved")


def test_who_is_dismissed_drops_out() -> None:
    """On the daily look, or when anybody decides; what was said stands."""
    world = approval("bob", "cid", policy="all").says("bob", "approve").dismisses("cid")
    assert world.wakes().decision == "approved"
    assert world.task.now == 1_000 + DAY

    assert approval("bob", "cid", "dan", policy="all").dismisses("cid").says("bob", "approve").decision == ""


def test_with_nobody_left_it_escalates_and_then_fails() -> None:
    """The time of the escalation is not waited for."""
    world = approval("bob", escalate_to=["user:dan"], escalate_after="9d").dismisses("bob").wakes()
    assert (world.status, world.told()) == ("open", [("dan", "Escalated. Please approve or reject: Offer Desk")])
    world.dismisses("dan").wakes()
    assert (world.status, world.failure) == ("no_recipient", "no_recipient")

    assert approval("bob").dismisses("bob").wakes().failure == "no_recipient"


def test_a_quiet_day_changes_nothing() -> None:
    """The task looks again the next day."""
    world = approval("bob").wakes().wakes()
    assert (world.task.kinds(), world.task.now) == (["HumanTaskChecked"], 1_000 + 2 * DAY)


# --- the process ---------------------------------------------------------------------------------------------


def test_a_process_that_is_stopped_withdraws_what_it_asked() -> None:
    """Nobody decides on it any more; no timer is left."""
    world = approval("bob", deadline="1d", remind_every="1h").stops()
    assert (world.status, world.task.kinds()) == ("withdrawn", ["HumanTaskClosed"])
    assert list(world.task.record.timers(world.task.body)) == []
    with pytest.raises(ChangeRefusedError, match="not_open"):
        world.says("bob", "approve")


def test_the_same_question_twice_asks_nobody_twice() -> None:
    """Nor does calling it off."""
    world = approval("bob")
    (asked,) = world.recorded("deal/1", ItemAsked)
    seen = len(world.log[world.task.key])
    world.redeliver(asked)
    assert len(world.log[world.task.key]) == seen
    world.says("bob", "approve").task.ask("withdraw", effect_id="x")
    assert world.status == "approved"


def test_what_is_wrong_with_the_parameters_is_said_when_saved() -> None:
    """As far as it can be known by then."""
    right = {"title": "x", "assignees": ["user:ann"]}

    def refused(params: dict[str, Any]) -> set[str]:
        return wrong("request_approval", params)

    assert refused(right) == set()
    assert refused({**right, "escalate_to": ["user:ann"]}) == {"escalate_after"}
    assert refused({**right, "escalate_after": "1h"}) == {"escalate_to"}
    assert refused({**right, "policy": "most"}) == {"policy"}
    assert refused({**right, "quorum": 0}) == {"quorum"}
    assert refused({**right, "deadline": "soon"}) == {"deadline"}
    assert refused({**right, "remind_every": "10s"}) == {"remind_every"}
