"""The events of a calendar of bookings (spec 4.8, 4.42)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Moment, Personal


@dataclass(frozen=True, slots=True)
class ResourceBooked:
    """Employees are occupied from `start` up to, and without, `end`."""

    booking_id: str
    item: str
    """`type/id` of the item whose field holds the booking."""
    service: Personal
    start: Moment
    end: Moment
    employees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BookingsEnded:
    """Bookings occupy nobody any more: they were cancelled, or they are over."""

    booking_ids: tuple[str, ...]
    reason: str
    """`cancelled`, `item_deleted` or `over`."""
    employees: tuple[str, ...]
    """Those of the bookings who have no other one."""
    items: tuple[str, ...]
    """Those of the bookings that have no other one."""
