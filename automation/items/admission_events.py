"""Items that come by mail, call or form and wait for the exceptions list before they exist (spec 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.items.changes import ItemChange


@dataclass(frozen=True, slots=True)
class ChangeHeld:
    """A creation waits until the exceptions list has answered, and with it what comes for the item meanwhile."""

    change: ItemChange
    asked: tuple[str, ...] = ()
    """Of the creation: the questions whose answers it waits for, by effect id."""


@dataclass(frozen=True, slots=True)
class CreationAdmitted:
    """Nothing of it is on the list: what was held is taken up, in order."""


@dataclass(frozen=True, slots=True)
class CreationRefused:
    """The item was not created, and does not exist."""

    reason: str
    """`on_exceptions_list`, or why it cannot be created any more."""
    effect_id: str = ""
    """The question whose answer decided."""


@dataclass(frozen=True, slots=True)
class HeldChangeRefused:
    """A change that was held could not be done when its turn came."""

    reason: str
    detail: str
