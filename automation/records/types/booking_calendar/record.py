"""Calendars of bookings: one for a field of an item type, over all its items (spec 4.8, 4.42).

To look whether employees are free and to occupy them is one decision of the calendar, so two items that ask at once
cannot both have the same hour. A repeat of a question is dropped by its change id like any other. What is over is
forgotten: the log has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from automation.envelope import Envelope
from automation.items.changes import AskItem
from automation.items.sizes import REQUEST_LIMIT, STATE_LIMIT, weight
from automation.plan import Answer
from automation.records.asked import moment_of, text_of, texts_of
from automation.records.model import Mark, RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.booking_calendar.events import BookingsEnded, ResourceBooked
from automation.values import Moment, Personal

_TIMER = "over"


@dataclass(frozen=True, slots=True)
class Booking:
    """Employees who are occupied for an item, in a half-open interval."""

    item: str
    service: Personal
    start: Moment
    end: Moment
    employees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The bookings that are neither over nor cancelled, by id."""

    bookings: Mapping[str, Booking] = field(default_factory=lambda: MappingProxyType({}))


def _booked(calendar: Calendar, env: Envelope, event: ResourceBooked) -> Calendar:
    made = Booking(event.item, event.service, event.start, event.end, event.employees)
    return Calendar({**calendar.bookings, event.booking_id: made})


def _ended(calendar: Calendar, env: Envelope, event: BookingsEnded) -> Calendar:
    gone = set(event.booking_ids)
    return Calendar({name: one for name, one in calendar.bookings.items() if name not in gone})


# --- what actions ask ----------------------------------------------------------------------------------------


def _book(turn: RecordTurn, asked: AskItem) -> Answer:
    """Occupy all employees of the question, or none where one of them is busy."""
    made = Booking(
        text_of(asked, "item"), Personal(text_of(asked, "service")), moment_of(asked, "start"),
        moment_of(asked, "end"), texts_of(asked, "employees"),
    )  # fmt: skip
    bookings: Mapping[str, Booking] = turn.body.bookings
    if any(one.end > turn.now and _clash(one, made) for one in bookings.values()):
        return Answer("failed", "resource_busy", {})
    if weight(turn.body) > STATE_LIMIT - REQUEST_LIMIT:
        return Answer("failed", "item_too_large", {})
    turn.emit(ResourceBooked(asked.effect_id, made.item, made.service, made.start, made.end, made.employees))
    return Answer("completed", "", {"booking_id": asked.effect_id})


def _clash(one: Booking, other: Booking) -> bool:
    overlap = one.start < other.end and other.start < one.end
    return overlap and not set(one.employees).isdisjoint(other.employees)


def _release(turn: RecordTurn, asked: AskItem) -> Answer:
    """Free what is booked for an item: the answer names the bookings."""
    item = text_of(asked, "item")
    found = {name for name, one in turn.body.bookings.items() if one.item == item and one.end > turn.now}
    if not found:
        return Answer("skipped", "nothing_booked", {})
    _end(turn, found, text_of(asked, "reason"))
    return Answer("completed", "", {"released": tuple(sorted(found))})


def _end(turn: RecordTurn, names: set[str], reason: str) -> None:
    bookings: Mapping[str, Booking] = turn.body.bookings
    ending = [one for name, one in bookings.items() if name in names]
    staying = [one for name, one in bookings.items() if name not in names]
    employees = {name for one in ending for name in one.employees} - {n for one in staying for n in one.employees}
    items = {one.item for one in ending} - {one.item for one in staying}
    turn.emit(BookingsEnded(tuple(sorted(names)), reason, tuple(sorted(employees)), tuple(sorted(items))))


# --- what is over --------------------------------------------------------------------------------------------


def _timers(calendar: Calendar) -> Iterable[tuple[Moment, str]]:
    first = min((one.end for one in calendar.bookings.values()), default=0)
    return ((first, _TIMER),) if first else ()


def _over(turn: RecordTurn, _timer: str) -> None:
    over = {name for name, one in turn.body.bookings.items() if one.end <= turn.now}
    if over:
        _end(turn, over, "over")


# --- how it is found and read --------------------------------------------------------------------------------


def _marks(employees: Iterable[str], items: Iterable[str]) -> tuple[Mark, ...]:
    return (*(("member", name) for name in employees), *(("item", name) for name in items))


RECORD = RecordType(
    name="booking_calendar",
    title="Bookings of a field",
    body=Calendar,
    folds={ResourceBooked: _booked, BookingsEnded: _ended},
    changes={},
    questions={"book": _book, "release": _release},
    creates=frozenset[type | str](("book",)),
    shows={
        ResourceBooked: lambda event: Shown(add=_marks(event.employees, (event.item,))),
        BookingsEnded: lambda event: Shown(remove=_marks(event.employees, event.items)),
    },
    entries=(ResourceBooked, BookingsEnded),
    timers=_timers,
    fire=_over,
)
