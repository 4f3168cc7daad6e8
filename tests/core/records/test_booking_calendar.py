"""Calendars of bookings (spec 4.8, 4.42): who is busy when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automation.records.types.booking_calendar.events import BookingsEnded
from tests.core.record_spec import RecordStory, record

HOUR = 3_600_000


def calendar() -> RecordStory:
    """Return the calendar of a field."""
    return record("booking_calendar", "deal:visit")


def book(story: RecordStory, start: int, end: int, *employees: str, item: str = "deal/1") -> str:
    """Book employees for hours; return the reason why not, empty for a booking."""
    story.ask("book", item=item, service="Visit", start=start * HOUR, end=end * HOUR, employees=employees or ("ann",))
    status, reason = story.told
    assert (status == "completed") == (not reason)
    return reason


def test_overlaps_are_busy() -> None:
    """For any of the employees, of whichever item; and then nobody is booked."""
    story = calendar()
    assert book(story, 2, 4, "ann", "boss") == ""

    assert book(story, 3, 5, "cid", "boss", item="deal/2") == "resource_busy"
    assert book(story, 1, 9) == "resource_busy"
    assert book(story, 2, 4) == "resource_busy"
    assert len(story.body.bookings) == 1
    assert book(story, 3, 5, "cid") == ""


def test_intervals_are_half_open() -> None:
    """The end of one may be the start of the next."""
    story = calendar()

    assert [book(story, 2, 4), book(story, 4, 5), book(story, 1, 2)] == ["", "", ""]


def test_a_repeat_books_once() -> None:
    """A question that is delivered twice neither books twice nor meets its own booking."""
    story = calendar()
    book(story, 2, 4)
    story.count -= 1
    story.ask("book", item="deal/1", service="Visit", start=2 * HOUR, end=4 * HOUR, employees=("ann",))

    assert story.events == []
    assert len(story.body.bookings) == 1


def test_an_item_releases_its_own() -> None:
    """All bookings of the item, no others; who has none left is not found by the calendar any more."""
    story = calendar()
    book(story, 2, 4, "ann", "boss")
    book(story, 5, 6, "cid")
    book(story, 7, 8, "ann", item="deal/2")
    story.ask("release", item="deal/1", reason="cancelled")

    ended = story.only(BookingsEnded)
    assert (ended.reason, ended.employees, ended.items) == ("cancelled", ("boss", "cid"), ("deal/1",))
    assert [one.item for one in story.body.bookings.values()] == ["deal/2"]
    assert book(story, 2, 4, "boss") == ""


def test_nothing_is_booked() -> None:
    """For this item; and where nobody booked anything there is no calendar."""
    story = calendar()
    story.ask("release", item="deal/1", reason="cancelled")
    assert story.told == ("failed", "item_not_found")

    book(story, 2, 4)
    story.ask("release", item="deal/2", reason="cancelled")
    assert story.told == ("skipped", "nothing_booked")


def test_what_is_over_is_forgotten() -> None:
    """A timer ends it, one booking after the other."""
    story = calendar()
    book(story, 2, 4)
    book(story, 4, 6, "ann", "boss")

    ended = story.wake().only(BookingsEnded)
    assert (story.now, ended.reason, ended.employees, ended.items) == (4 * HOUR, "over", (), ())
    assert len(story.body.bookings) == 1
    assert story.wake().only(BookingsEnded).employees == ("ann", "boss")
    assert story.body.bookings == {}


def test_what_is_over_is_not_cancelled() -> None:
    """Even where its timer is late: it holds nobody any more."""
    story = calendar()
    book(story, 2, 4)
    story.now = 4 * HOUR

    story.ask("release", item="deal/1", reason="cancelled")
    assert story.told == ("skipped", "nothing_booked")
    assert book(story, 3, 5) == ""


SLOTS = st.tuples(st.integers(1, 20), st.integers(1, 4), st.sets(st.sampled_from("abc"), min_size=1))


@given(st.lists(SLOTS, max_size=30))
def test_nobody_is_booked_twice(slots: list[tuple[int, int, set[str]]]) -> None:
    """Whatever is asked: a question is refused exactly if somebody has a booking in that time already."""
    story = calendar()
    taken: set[tuple[str, int]] = set()
    for start, length, employees in slots:
        wanted = {(name, hour) for name in employees for hour in range(start, start + length)}
        busy = book(story, start, start + length, *sorted(employees))
        assert bool(busy) == bool(wanted & taken)
        taken |= set() if busy else wanted

    held = story.body.bookings.values()
    assert sum(len(one.employees) * (one.end - one.start) // HOUR for one in held) == len(taken)
