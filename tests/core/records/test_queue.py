"""Queues of employees (spec 4.13): whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automation.records.types.queue.record import next_of
from tests.core.record_spec import RecordStory, record

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1).map(tuple)


def turns(story: RecordStory, *queues: tuple[str, ...], absent: tuple[str, ...] = ()) -> list[str]:
    """Return who was appointed, question after question."""
    found = []
    for employees in queues:
        story.ask("appoint", employees=employees, absent=absent)
        found.append(story.body.last)
    return found


def test_one_after_the_other() -> None:
    """At first the first one, then the one behind, and behind the last one the first again."""
    assert turns(record("queue"), *[("a", "b", "c")] * 4) == ["a", "b", "c", "a"]


def test_who_was_last_has_left() -> None:
    """The first one is next again."""
    assert turns(record("queue"), ("a", "b", "c"), ("a", "b", "c"), ("a", "c", "d")) == ["a", "b", "a"]


def test_the_queue_was_rearranged() -> None:
    """The place of who was last counts."""
    assert turns(record("queue"), ("a", "b", "c"), ("c", "a", "b")) == ["a", "b"]


def test_absent_ones_are_passed_over() -> None:
    """They have their turn in the next round."""
    story = record("queue")
    assert turns(story, *[("a", "b", "c")] * 2, absent=("b",)) == ["a", "c"]
    assert turns(story, ("a", "b", "c"), ("a", "b", "c")) == ["a", "b"]


def test_all_are_absent() -> None:
    """Nobody is appointed, and the turn stays."""
    story = record("queue")
    turns(story, ("a", "b"))
    story.ask("appoint", employees=("a", "b"), absent=("a", "b"))

    assert story.told == ("skipped", "no_available_employee")
    assert story.body.last == "a"


def test_a_repeat_is_nobodys_turn() -> None:
    """A question that is delivered twice appoints once."""
    story = record("queue")
    story.ask("appoint", employees=("a", "b"))
    story.count -= 1
    story.ask("appoint", employees=("a", "b"))

    assert story.events == []
    assert story.body.last == "a"


@given(NAMES, st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh")))
def test_whoever_is_next_is_there(employees: tuple[str, ...], last: str, absent: set[str]) -> None:
    """Who is next is in the queue and not absent; nobody is next only where all are absent."""
    chosen = next_of(employees, last, absent)

    assert (chosen == "") == (set(employees) <= absent)
    assert chosen == "" or (chosen in employees and chosen not in absent)


@given(NAMES, st.integers(1, 3))
def test_the_work_is_spread_evenly(employees: tuple[str, ...], rounds: int) -> None:
    """Over whole rounds everybody is appointed equally often, in listed order."""
    last, found = "", []
    for _ in range(rounds * len(employees)):
        last = next_of(employees, last, ())
        found.append(last)

    assert tuple(found) == employees * rounds
