"""Human tasks as records: how they are found, who may read them, and what is kept of them."""

from __future__ import annotations

from typing import Any

import pytest

from automation.errors import ChangeRefusedError
from automation.items.effects import ItemAnswered, NotificationRequested
from automation.items.events import ChangeSeen
from automation.records.types.human_task import events as e
from automation.records.types.human_task.changes import DecideHumanTask, DelegateHumanTask
from automation.records.types.human_task.record import RECORD
from automation.values import Money, Personal
from services.edge.codec import StateCodec, item_events
from tests.core.record_spec import RecordStory, record

ARGS: dict[str, Any] = {
    "kind": "approval", "title": Personal("Offer"), "text": "Terms", "assignees": ("ann", "boss"), "policy": "all",
    "quorum": 0, "deadline": 0, "remind_every": 0, "escalate_to": (), "escalate_at": 0, "step": "p/ask",
    "item": "deal/1", "instance_id": "i1", "asked_by": "ann",
}  # fmt: skip


def opened(**more: Any) -> RecordStory:
    """Return a task that a process of the deal opened."""
    return record("human_task").ask("ask_people", **{**ARGS, **more})


def test_the_question_is_answered_later() -> None:
    """To the key, run and effect that asked, when the decision is there."""
    task = opened()
    assert task.kinds() == ["HumanTaskOpened", "NotificationRequested", "NotificationRequested"]
    assert {one.link for one in task.events if isinstance(one, NotificationRequested)} == {"/human-tasks/1"}

    task.when(DecideHumanTask("approve"))
    assert task.kinds() == ["HumanTaskVoted"]
    answer = task.when(DecideHumanTask("approve"), actor="user:boss").only(ItemAnswered)
    assert (answer.effect_id, answer.run_id, answer.reply_to) == ("effect-1", "run-1", "acme/deal/1")
    assert (answer.status, answer.results["decision"], answer.results["approved"]) == ("completed", "approved", 2)


def test_a_repeat_of_the_question_is_not_answered_by_itself() -> None:
    """Nor does it tell anybody again."""
    assert opened().ask("ask_people", **ARGS).only(ChangeSeen).reason == "no_change"


@pytest.mark.parametrize("change", [DecideHumanTask("approve"), DelegateHumanTask("boss")])
def test_what_nobody_asked_cannot_be_decided(change: Any) -> None:
    """And leaves no state behind."""
    with pytest.raises(ChangeRefusedError, match="does not exist"):
        record("human_task").when(change)
    assert record("human_task").ask("withdraw", effect_id="x").told == ("failed", "item_not_found")


def test_tasks_are_found_by_who_is_asked_and_by_item() -> None:
    """Those whose decision is missing under `assignee`, all who were ever asked under `member`."""
    shown = RECORD.shows[e.HumanTaskOpened](opened().only(e.HumanTaskOpened))
    assert (shown.title, shown.status, shown.owner, shown.fields["kind"]) == ("Offer", "open", "ann", "approval")
    assert set(shown.add) == {
        ("assignee", "ann"), ("assignee", "boss"), ("member", "ann"), ("member", "boss"), ("item", "deal/1"),
    }  # fmt: skip

    voted = RECORD.shows[e.HumanTaskVoted](e.HumanTaskVoted("ann", "approved", Personal(""), {}, ""))
    moved = RECORD.shows[e.HumanTaskDelegated](e.HumanTaskDelegated("ann", "cid", Personal("")))
    closed = RECORD.shows[e.HumanTaskClosed](e.HumanTaskClosed("rejected", "ann", 1, 1, 3))
    assert voted.remove == moved.remove == (("assignee", "ann"),)
    assert set(moved.add) == {("assignee", "cid"), ("member", "cid")}
    assert (closed.status, closed.fields["decided_by"], closed.fields["asked"]) == ("rejected", "ann", 3)
    assert RECORD.shows[e.HumanTaskEscalated](e.HumanTaskEscalated(("cid",))).add[0] == ("assignee", "cid")
    assert RECORD.shows[e.HumanTaskChecked](e.HumanTaskChecked(("ann",))).remove == (("assignee", "ann"),)


def test_only_those_involved_read_what_was_said() -> None:
    """Everybody else, though an employee, does not."""
    body = opened().body
    assert (RECORD.reads_from(body, "boss"), RECORD.reads_from(body, "cid")) == (0, None)


@pytest.mark.parametrize("wrong", [{"kind": "order"}, {"policy": "most"}, {"form": "["}, {"form": "{}"}, {"kind": 7}])
def test_a_question_that_asks_nothing_known_is_refused(wrong: dict[str, Any]) -> None:
    """Without leaving state behind."""
    task = opened(**wrong)
    assert (task.told, task.events) == (("failed", "invalid_question"), [])


def test_what_was_said_survives_being_kept() -> None:
    """Votes, forms and delegations in a state at rest, and each event in the log."""
    form = '[{"code": "budget", "type": "money", "default": {"minor": 1, "currency": "EUR"}}]'
    task = opened(kind="information", policy="any", form=form, assignees=("ann",))
    log = list(task.last.events)
    for change, user in ((DelegateHumanTask("boss"), "ann"), (DecideHumanTask("answer"), "boss")):
        log += task.when(change, actor=f"user:{user}").last.events

    assert task.body.votes[0].values == {"budget": Money(1, "EUR")}
    assert StateCodec().decode(StateCodec().encode(task.state)) == task.state
    codec = item_events()
    assert [codec.decode(codec.encode(one)) for one in log] == log
