"""A review: people say that they have read something."""

from __future__ import annotations

from typing import Any

import pytest

from automation.errors import ChangeRefusedError
from automation.values import Personal
from tests.core.human_world import Asking


def review(*assignees: str, **params: Any) -> Asking:
    """Return a world in which these are asked to read."""
    return Asking("request_review", assignees=[f"user:{name}" for name in assignees], **params)


def test_one_who_has_read_it_is_enough() -> None:
    """Unless all have to."""
    world = review("bob", "cid", text="The terms")
    assert world.told()[0] == ("bob", "Please read: Offer Desk")
    assert world.task.body.text == Personal("The terms")
    assert world.says("bob", "acknowledge", "seen").results == {
        "task_id": world.task.key.item_id, "decision": "reviewed", "decided_by": "bob", "comment": Personal("seen"),
        "reviewed": 1, "asked": 2,
    }  # fmt: skip

    both = review("bob", "cid", policy="all").says("bob", "acknowledge")
    assert (both.decision, both.says("cid", "acknowledge").decision) == ("", "reviewed")


def test_most_of_them_are_more_than_half() -> None:
    """Nobody can vote against having read."""
    world = review("bob", "cid", "dan", policy="vote").says("bob", "acknowledge")
    assert (world.decision, world.says("dan", "acknowledge").decision) == ("", "reviewed")
    with pytest.raises(ChangeRefusedError, match="acknowledge"):
        review("bob").says("bob", "reject")


def test_a_review_expires_too() -> None:
    """As any question with a deadline does."""
    assert review("bob", deadline="30m").wakes().results["decision"] == "expired"
