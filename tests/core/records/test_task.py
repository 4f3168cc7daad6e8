"""Tasks: made by rules and by people, completed, opened again, reminded of (spec 3.3, 4.30)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.dates import DAY
from automation.definitions import models as m
from automation.errors import ChangeRefusedError
from automation.items import effects
from automation.items import events as item
from automation.records import decide as records
from automation.records.types.task import events as e
from automation.records.types.task.changes import CompleteTask, CreateTask, EditTask, ReopenTask
from automation.records.types.task.record import RECORD
from automation.values import Personal
from tests.core.record_spec import RecordStory, record
from tests.core.spec import put

DUE = 1_795_082_400_000
"""2026-11-19 10:00 UTC."""
ARGS = {
    "title": Personal("Build Desk"), "description": "", "deadline": DUE, "important": True, "responsible": "ann",
    "created_by": "boss", "item": "deal/1", "pipeline": "main", "stage": "assembly",
}  # fmt: skip


def by_rule(**more: Any) -> RecordStory:
    """Return a task that a rule made."""
    return record("task").ask("create_task", **{**ARGS, **more})


def by_user(**more: Any) -> RecordStory:
    """Return a task that Ann made for herself."""
    return record("task").when(CreateTask(Personal("Look"), **more))


def reminders(story: RecordStory) -> list[tuple[str, str, str]]:
    """Return whom the last turn notified of what, with the link."""
    sent = (event for event in story.events if isinstance(event, effects.NotificationRequested))
    return [(one.recipient, one.text.text, one.link) for one in sent]


def test_a_rule_makes_a_task_that_carries_its_stamp() -> None:
    """Origin, item, pipeline and stage are what ends it later (4.30)."""
    task = by_rule()

    assert task.only(e.TaskCreated) == e.TaskCreated(
        Personal("Build Desk"), Personal(""), "ann", "boss", DUE, True, "automation", "deal/1", "main", "assembly"
    )
    assert task.told == ("completed", "")
    assert (task.body.origin, task.body.pipeline, task.body.stage) == ("automation", "main", "assembly")


def test_the_same_request_makes_nothing_twice() -> None:
    """A repeat under another id finds the task."""
    assert by_rule().ask("create_task", **ARGS).kinds() == ["ItemAnswered"]


def test_people_make_tasks_of_their_own() -> None:
    """For themselves unless they name somebody."""
    assert by_user().only(e.TaskCreated) == e.TaskCreated(
        Personal("Look"), Personal(""), "ann", "ann", 0, False, "manual", "", "", ""
    )
    assert by_user(responsible="boss", item="deal/1").only(e.TaskCreated).responsible == "boss"
    assert by_user().when(CreateTask(Personal("Look"))).only(item.ChangeSeen).reason == "already_exists"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (CreateTask(Personal(" ")), "invalid_value"),
        (CreateTask(Personal("x" * 1_001)), "invalid_value"),
        (CreateTask(Personal("x"), responsible="old"), "unknown_user"),
        (CreateTask(Personal("x"), deadline=-1), "invalid_value"),
        (CreateTask(Personal("x"), item="deal"), "invalid_value"),
    ],
)
def test_what_is_no_task_is_refused(change: CreateTask, reason: str) -> None:
    """With the part at fault."""
    with pytest.raises(ChangeRefusedError) as refused:
        record("task").when(change)
    assert refused.value.reason == reason


@pytest.mark.parametrize("change", [EditTask(important=True), CompleteTask(), ReopenTask()])
def test_a_task_that_nobody_made_is_not_found(change: Any) -> None:
    """Without leaving state behind."""
    with pytest.raises(ChangeRefusedError, match="does not exist"):
        record("task").when(change)
    assert record("task").ask("end_task").told == ("failed", "item_not_found")


def test_a_task_is_completed_and_opened_again() -> None:
    """Each once; what changes nothing is remembered as seen."""
    task = by_rule().when(CompleteTask(), actor="user:boss")
    assert task.only(e.TaskCompleted).by == "boss"
    assert task.when(CompleteTask()).kinds() == ["ChangeSeen"]
    assert task.when(ReopenTask()).only(e.TaskReopened).by == "ann"
    assert task.when(ReopenTask()).kinds() == ["ChangeSeen"]


def test_automation_ends_its_own_tasks_and_never_those_of_people() -> None:
    """On behalf of an employee (4.30)."""
    task = by_rule().ask("end_task", by="ann")
    assert (task.only(e.TaskCompleted).by, task.told) == ("ann", ("completed", ""))
    assert task.ask("end_task", by="ann").told == ("skipped", "already_completed")

    mine = by_user().ask("end_task", by="ann")
    assert (mine.told, mine.body.completed) == (("skipped", "manual_task"), False)


def test_a_task_of_automation_tells_its_item_whether_it_is_open() -> None:
    """Before it answers whoever asked; those of people and those without an item tell nothing."""
    task = by_rule()
    assert task.kinds() == ["TaskCreated", "ItemAsked", "ItemAnswered"]
    told = task.only(effects.ItemAsked)
    assert (told.target, told.question, told.run_id) == ("acme/deal/1", "task_open", "")
    assert told.args == {"task_id": "1", "pipeline": "main", "stage": "assembly"}

    ended = task.when(CompleteTask()).only(effects.ItemAsked)
    assert ended.question == "task_end"
    again = task.when(ReopenTask()).only(effects.ItemAsked)
    assert again.question == "task_open"
    assert len({told.effect_id, ended.effect_id, again.effect_id}) == 3
    assert "ItemAsked" not in by_user(item="deal/1").when(CompleteTask()).kinds()
    assert by_rule(item="").kinds() == ["TaskCreated", "ItemAnswered"]


def test_the_responsible_is_reminded_a_day_before_the_deadline() -> None:
    """Once, on his or her own clock, with the way to the item."""
    task = by_rule().wake()

    assert task.now == DUE - DAY
    assert task.kinds() == ["TaskReminded", "NotificationRequested"]
    assert reminders(task) == [("ann", "Deadline 2026-11-19 10:00. Task: Build Desk", "/items/acme/deal/1")]
    assert list(records.timers(RECORD, task.state)) == []


def test_with_less_than_a_day_left_the_reminder_comes_at_once() -> None:
    """A task without an item leads to itself."""
    story = record("task")
    story.now = DUE - DAY // 2
    story.when(CreateTask(Personal("Look"), deadline=DUE))

    assert story.kinds() == ["TaskCreated", "TaskReminded", "NotificationRequested"]
    assert reminders(story) == [("ann", "Deadline 2026-11-19 10:00. Task: Look", "/tasks/1")]


def test_the_reminder_follows_the_deadline() -> None:
    """A later deadline is reminded of anew; without one nobody is."""
    task = by_rule().when(EditTask(deadline=DUE + 5 * DAY))
    assert [due for due, _ in records.timers(RECORD, task.state)] == [DUE + 4 * DAY]
    first = task.wake().only(effects.NotificationRequested).effect_id

    task.when(EditTask(deadline=DUE + 9 * DAY))
    assert task.wake().only(effects.NotificationRequested).effect_id != first
    assert list(records.timers(RECORD, task.when(EditTask(deadline=0)).state)) == []


def test_nobody_is_reminded_of_a_completed_task() -> None:
    """Opened again it counts again."""
    task = by_rule().when(CompleteTask())
    assert list(records.timers(RECORD, task.state)) == []
    assert len(list(records.timers(RECORD, task.when(ReopenTask()).state))) == 1


def test_a_dismissed_employee_is_not_reminded() -> None:
    """The time of the reminder passes."""
    task = by_rule()
    put(task.book, m.User(id="ann", name="Ann", active=False))
    assert task.wake().kinds() == ["TaskReminded"]


def test_edits_keep_what_they_do_not_name() -> None:
    """One that changes nothing is remembered as seen."""
    task = by_rule().when(EditTask(title=Personal("Build it"), responsible="boss"))

    assert task.only(e.TaskEdited) == e.TaskEdited(Personal("Build it"), "boss", DUE, True)
    assert task.when(EditTask(responsible="boss")).kinds() == ["ChangeSeen"]
    with pytest.raises(ChangeRefusedError):
        task.when(EditTask(responsible="old"))


def test_tasks_are_found_by_item_responsible_and_status() -> None:
    """What lists and searches read."""
    made = by_rule().only(e.TaskCreated)
    shown = RECORD.shows[e.TaskCreated](made)

    assert (shown.title, shown.status, shown.owner, shown.add) == ("Build Desk", "open", "ann", (("item", "deal/1"),))
    assert shown.fields["deadline"] == DUE
    assert shown.fields["origin"] == "automation"
    assert RECORD.shows[e.TaskCompleted](e.TaskCompleted("ann")).status == "completed"
    assert RECORD.shows[e.TaskReopened](e.TaskReopened("ann")).status == "open"
    edited = RECORD.shows[e.TaskEdited](e.TaskEdited(Personal("y"), "boss", 0, False))
    assert (edited.title, edited.owner, edited.fields) == ("y", "boss", {"deadline": None, "important": False})
