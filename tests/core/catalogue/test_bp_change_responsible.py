"""The action `bp_change_responsible` (spec 4.13)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items import process_events as p
from automation.items.process_changes import StartProcess
from automation.records.types.queue.events import EmployeeAppointed
from services.history.timeline import timeline_entry
from tests.core.spec import PEOPLE, Story, action, book_of, deal, pipeline, template
from tests.core.world import World

TEAM = (
    m.User(id="eve", name="Eve Early"),
    m.User(id="tom", name="Tom Test"),
    m.Role(id="team", members=("eve", "tom", "old")),
    m.Role(id="gone", members=("old",)),
    m.Absence(id="a1", user="eve", since=0, until=5_000),
)
QUEUE = ["user:eve", "user:tom", "user:ann"]


def changed(*queue: str, responsible: str = "ann", now: int = 1_000, **more: Any) -> Story:
    """Run the action on a deal of somebody."""
    story = Story(book_of(pipeline(), *PEOPLE, *TEAM), now=now)
    story.when(c.CreateItem({"title": "Desk"}, responsible=responsible))
    return story.run("bp_change_responsible", new_responsible=list(queue), **more)


def skipped(story: Story) -> str:
    """Return why nothing was done."""
    reason: str = story.only(p.StepSkipped).reason
    return reason


def test_the_first_of_the_list() -> None:
    """By default the first one is taken, on behalf of who was responsible; both are told, the timeline says it."""
    story = changed("role:team", "user:boss")
    (recorded,) = [one for one in story.last.events if isinstance(one.event, e.ResponsibleChanged)]
    entry = timeline_entry(recorded)

    assert recorded.event == e.ResponsibleChanged("ann", "eve")
    assert recorded.envelope.on_behalf_of == "ann"
    assert story.only(p.StepCompleted).results == {"responsible": "eve"}
    assert entry is not None
    assert entry.kind == "responsible_changed"
    told = [one for one in story.events if isinstance(one, effects.NotificationRequested)]
    assert [one.recipient for one in told] == ["ann", "eve"]
    assert {one.text.text for one in told} == {"Desk: the responsible person is now Eve Early."}


def test_somebody_else_is_the_author() -> None:
    """The head of the department does it."""
    story = changed("user:eve", on_behalf_of="role:responsible_supervisor")
    (recorded,) = [one for one in story.last.events if isinstance(one.event, e.ResponsibleChanged)]

    assert (recorded.envelope.on_behalf_of, recorded.envelope.actor) == ("boss", "process:run-1")


def test_an_item_of_nobody() -> None:
    """Only the new responsible is told."""
    story = Story(book_of(pipeline(), *PEOPLE, *TEAM)).when(c.CreateItem({"title": "Desk"}), actor="")
    story.run("bp_change_responsible", new_responsible=["user:eve"])

    assert story.only(effects.NotificationRequested).recipient == "eve"


def test_who_is_responsible_already() -> None:
    """Nothing changes."""
    assert skipped(changed("user:ann", "user:eve")) == "no_change"


@pytest.mark.parametrize("selection", ["random", "first_available", "in_order"])
def test_nobody_is_there(selection: str) -> None:
    """Dismissed employees are no queue."""
    assert skipped(changed("role:gone", selection=selection)) == "no_available_employee"


@pytest.mark.parametrize("selection", ["random", "first_available", "in_order"])
def test_everybody_is_absent(selection: str) -> None:
    """With `skip_absent` nobody is left."""
    assert skipped(changed("user:eve", selection=selection, skip_absent=True)) == "no_available_employee"


@pytest.mark.parametrize(
    ("now", "skip", "chosen"), [(1_000, True, "tom"), (1_000, False, "eve"), (4_999, True, "tom"), (5_000, True, "eve")]
)
def test_absent_employees(now: int, skip: bool, chosen: str) -> None:
    """An absence counts if it covers the moment of the step, and only where it is to count."""
    assert changed(*QUEUE, now=now, skip_absent=skip).state.responsible == chosen


@given(st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_chance_never_takes_the_current_one(now: int) -> None:
    """Anybody but the current responsible, and the same one for the same step."""
    first, again = (changed(*QUEUE, now=now, selection="random") for _ in range(2))

    assert first.state.responsible in ("eve", "tom")
    assert first.state.responsible == again.state.responsible


def test_chance_takes_everybody() -> None:
    """Over many items each of the others has a turn."""
    made = world("random")
    for name in range(40):
        made.tell(f"deal/{name}", c.CreateItem({"title": "Desk"}, responsible="ann"))
        made.tell(f"deal/{name}", StartProcess("process", {}))
    found = Counter(item.responsible for item in made.items("deal"))

    assert set(found) == {"eve", "tom"}
    assert min(found.values()) >= 10


def test_chance_with_the_current_one_alone() -> None:
    """Nobody else is in the queue."""
    assert skipped(changed("user:ann", selection="random")) == "no_available_employee"


# --- in order: one pointer for all instances -----------------------------------------------------------------


def world(selection: str, **more: Any) -> World:
    """Return a world with a process whose one step chooses from the queue."""
    step = action("bp_change_responsible", "hand", new_responsible=QUEUE, selection=selection, **more)
    return World(book_of(pipeline(), *PEOPLE, *TEAM, template(step)))


def hand(made: World, *names: str, responsible: str = "boss") -> list[str]:
    """Let the process run on deals, and return who is responsible for each then."""
    for name in names:
        made.tell(f"deal/{name}", c.CreateItem({"title": "Desk"}, responsible=responsible))
        made.tell(f"deal/{name}", StartProcess("process", {}))
    return [made.state(f"deal/{name}").responsible for name in names]


def test_in_order() -> None:
    """The items of all instances go to one employee after the other."""
    made = world("in_order")

    assert hand(made, "1", "2", "3", "4") == ["eve", "tom", "ann", "eve"]
    assert made.state("queue/process:hand").body.last == "eve"
    assert [one.results for one in made.events("deal/2", p.StepCompleted)] == [{"responsible": "tom"}]


def test_the_turn_passes_where_nothing_changes() -> None:
    """Whose turn it was is responsible already: the next item goes to the next one."""
    made = world("in_order")
    hand(made, "1", responsible="eve")

    assert [one.reason for one in made.events("deal/1", p.StepSkipped)] == ["no_change"]
    assert hand(made, "2") == ["tom"]


def test_in_order_without_absent_ones() -> None:
    """Who is absent is passed over."""
    assert hand(world("in_order", skip_absent=True), "1", "2", "3") == ["tom", "ann", "tom"]


def test_a_redelivered_question_takes_no_turn() -> None:
    """The log of the item is read again, and the question sent again."""
    made = world("in_order")
    hand(made, "1")
    (question,) = made.recorded("deal/1", effects.ItemAsked)
    made.redeliver(question).redeliver(question)

    assert len(made.events("queue/process:hand", EmployeeAppointed)) == 1
    assert hand(made, "2") == ["tom"]


def test_many_instances_at_once() -> None:
    """All ask before any answer is there, some twice: everybody has an equal share, and nobody a turn too many."""
    made = world("in_order")
    made.lost = {"queue"}
    names = [str(name) for name in range(30)]
    hand(made, *names)
    made.lost = set()
    questions = [made.recorded(f"deal/{name}", effects.ItemAsked)[0] for name in names]
    for question in (*questions, *questions[::3], *reversed(questions)):
        made.redeliver(question)

    appointed = made.events("queue/process:hand", EmployeeAppointed)
    assert [one.employee for one in appointed] == ["eve", "tom", "ann"] * 10
    assert Counter(item.responsible for item in made.items("deal")) == {"eve": 10, "tom": 10, "ann": 10}


def test_the_queue_does_not_answer() -> None:
    """What is not known to have happened is not done."""
    story = deal(*TEAM).run("bp_change_responsible", new_responsible=QUEUE, selection="in_order").wake()

    assert story.only(p.StepFailed).reason == "delivery_unknown"
    assert story.state.responsible == "ann"
