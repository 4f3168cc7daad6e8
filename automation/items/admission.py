"""Let items that come by mail, call or form wait for the exceptions list before they are created (spec 4.3).

The creation is held in the new item's own log while the records of its contact points are asked; what comes for the
item meanwhile is held behind it. When the answers are there, all is taken up in order, or the item is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from automation.contact_points import CLIENTS, points_of
from automation.envelope import Key, stable_id
from automation.errors import ChangeRefusedError
from automation.items import admission_events as ad
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.admission_state import Held
from automation.items.turn import Turn
from automation.records.types.exception.ids import EXCEPTION, IS_LISTED, ITEM, exception_id

GUARDED = ("incoming_email", "incoming_call", "crm_form")
"""Sources whose creations the list may refuse."""
LISTED = "on_exceptions_list"

Create: TypeAlias = Callable[[Turn, c.CreateItem], None]
Handle: TypeAlias = Callable[[Turn, c.ItemChange], None]


def entries_of(turn: Turn, change: c.CreateItem) -> tuple[str, ...]:
    """Return the ids under which who is behind a creation might stand on the list; none where it is not guarded."""
    if turn.source not in GUARDED:
        return ()
    found: list[tuple[str, str]] = list(points_of(change.fields, turn.view.settings.calling_code))
    for kind in CLIENTS:
        name = change.fields.get(kind)
        if isinstance(name, str) and name:
            found.append((ITEM, f"{kind}/{name}"))
    return tuple(exception_id(turn.key.tenant, *one) for one in found)


def hold(turn: Turn, change: c.CreateItem, entries: tuple[str, ...]) -> None:
    """Hold the creation and ask its entries of the list."""
    run_id = stable_id("admission", turn.key_text, turn.change_id)
    asked = {stable_id("effect", turn.key.tenant, run_id, name, 0): name for name in entries}
    turn.emit(ad.ChangeHeld(change, tuple(asked)))
    for effect_id, name in asked.items():
        target = Key(turn.key.tenant, EXCEPTION, name).text
        turn.emit(effects.ItemAsked(effect_id, run_id, target, IS_LISTED, {}))


def meanwhile(turn: Turn, change: c.ItemChange, create: Create, handle: Handle) -> None:
    """Take what comes for an item that waits: an answer of the list, or a change to be held behind the creation."""
    if not isinstance(change, c.ReportOutcome) or change.effect_id not in turn.state.asked:
        turn.emit(ad.ChangeHeld(change))
        return
    turn.emit(
        e.EffectAnswered(
            change.effect_id, change.run_id, change.status, change.reason, change.results, change.tries
        )
    )  # fmt: skip
    if change.results.get("listed") is True:
        _refuse(turn, LISTED, change.effect_id, handle)
    elif not turn.state.asked:
        _admit(turn, create, handle)


def _admit(turn: Turn, create: Create, handle: Handle) -> None:
    first, *others = turn.state.held
    turn.emit(ad.CreationAdmitted())
    turn.resume(first)
    try:
        if isinstance(first.change, c.CreateItem):
            create(turn, first.change)
    except ChangeRefusedError as refused:  # what it names was there when it came, and is not any more
        turn.emit(ad.CreationRefused(refused.reason))
    turn.finish()
    _take_up(turn, others, handle)


def _refuse(turn: Turn, reason: str, effect_id: str, handle: Handle) -> None:
    others = turn.state.held[1:]
    turn.emit(ad.CreationRefused(reason, effect_id))
    _take_up(turn, others, handle)


def _take_up(turn: Turn, held: Iterable[Held], handle: Handle) -> None:
    """Do what was held, each as if it came now; what cannot be done leaves only its reason."""
    for one in held:
        turn.resume(one)
        before, count = turn.state, len(turn.events)
        try:
            handle(turn, one.change)
        except ChangeRefusedError as refused:
            turn.undo(before, count)
            turn.emit(ad.HeldChangeRefused(refused.reason, refused.detail))
        turn.finish()
