"""Product rows: their ids, what they come to, and the amount that follows from them (spec 4.2, 4.24).

The amount of an item is *given* (in the words of the spec, set manually) if a save or `edit_item` has set it: then rows
do not touch it. Else it follows from the rows whenever they change, which `ItemState.amount_computed` says. A given
amount that is emptied follows again from the next change of rows on. Amounts of items from before all count as given.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from automation.envelope import stable_id
from automation.items.door import MOST_MINOR
from automation.items.events import FieldsChanged, ProductRowsChanged
from automation.items.parts import FieldChange, ProductRow
from automation.items.state import ItemState
from automation.money import Rates, convert
from automation.values import Money, Value

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView

AMOUNT = "amount"
_WHOLE = 1_000 * 100_000
"""A quantity of one, without a discount."""


def sum_of(row: ProductRow) -> Money:
    """Return price × quantity × (1 − discount), rounded half up to the minor unit."""
    exact = row.price.minor * row.quantity_milli * (100_000 - row.discount_milli)
    return Money((exact + _WHOLE // 2) // _WHOLE, row.price.currency)


def total(rows: Iterable[ProductRow], rates: Rates, currency: str = "") -> Money | None:
    """Return the sum of product rows in a currency, by default that of the first row.

    None where there is no currency, or no rate for that of a row.
    """
    minor = 0
    for row in rows:
        if not row.price.currency:
            continue  # it costs nothing
        currency = currency or row.price.currency
        converted = convert(sum_of(row), currency, rates)
        if converted is None:
            return None
        minor += converted.minor
    return Money(minor, currency) if currency else None


def quantity_text(row: ProductRow, escape: Callable[[str], str]) -> str:
    """Return the quantity as people read it, with its unit, which is escaped: `1.5 h`."""
    return f"{_milli_text(row.quantity_milli)} {escape(row.unit)}".rstrip()


def discount_text(row: ProductRow) -> str:
    """Return the discount as people read it; empty for none."""
    return f"{_milli_text(row.discount_milli)} %" if row.discount_milli else ""


def _milli_text(milli: int) -> str:
    whole, part = divmod(milli, 1_000)
    return f"{whole}.{part:03}".rstrip("0") if part else str(whole)


# --- ids -------------------------------------------------------------------------------------------------------


def identified(rows: tuple[ProductRow, ...], before: Iterable[ProductRow], seed: str) -> tuple[ProductRow, ...]:
    """Return the rows with an id each.

    One that comes without is the same row as one before with the same content, else with the same product and name;
    else it is new. `seed` names the event that it comes with.
    """
    given = {row.row_id for row in rows}
    if "" not in given:
        return rows
    kept = _kept(rows, [row for row in before if row.row_id not in given])
    return tuple(
        row if row.row_id else replace(row, row_id=kept.get(at) or stable_id("row", seed, at))
        for at, row in enumerate(rows)
    )


def _content(row: ProductRow) -> Hashable:
    return replace(row, row_id="")


def _product(row: ProductRow) -> Hashable:
    return row.product_id, row.name


_TRAITS: tuple[Callable[[ProductRow], Hashable], ...] = (_content, _product)


def _kept(rows: Sequence[ProductRow], before: Sequence[ProductRow]) -> dict[int, str]:
    """Return the ids that rows keep, by their places; each id is kept once."""
    kept: dict[int, str] = {}
    for trait in _TRAITS:
        taken, free = frozenset(kept.values()), dict[Hashable, list[str]]()
        for row in reversed(before):
            if row.row_id not in taken:
                free.setdefault(trait(row), []).append(row.row_id)
        for at, row in enumerate(rows):
            same = free.get(trait(row)) if not row.row_id and at not in kept else None
            if same:
                kept[at] = same.pop()
    return kept


# --- what follows from them ------------------------------------------------------------------------------------


def replaced(
    item: ItemState, rows: tuple[ProductRow, ...], view: TenantView, *, amount_given: bool = False
) -> tuple[ProductRowsChanged | FieldsChanged, ...]:
    """Return the events that replace the rows of an item; its amount follows, unless it is given."""
    changed = ProductRowsChanged(item.rows, rows)
    old = item.fields.get(AMOUNT)
    new = old if amount_given or _is_given(item, old) else _amount(item, old, rows, view)
    if new == old:
        return (changed,)
    return changed, FieldsChanged((FieldChange(AMOUNT, old, new),), computed=True)


def _is_given(item: ItemState, amount: Value) -> bool:
    return amount is not None and not item.amount_computed


def _amount(item: ItemState, old: Value, rows: tuple[ProductRow, ...], view: TenantView) -> Value:
    """Return the sum of the rows in the currency of the amount; the amount as it is where it has no rate or end."""
    currency = old.currency if isinstance(old, Money) else ""
    if not rows:
        was = next((row.price.currency for row in item.rows if row.price.currency), view.settings.currency)
        return Money(0, currency or was)
    made = total(rows, view.rates, currency)
    return old if made is None or abs(made.minor) > MOST_MINOR else made


def says_amount(item: ItemState, rates: Rates) -> bool:
    """Say whether the amount follows from the rows in any item that has them."""
    return item.amount_computed and total(item.rows, rates) == item.fields.get(AMOUNT)
