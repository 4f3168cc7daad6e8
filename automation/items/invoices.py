"""Invoices: Paid is the final success of their pipeline, and linked items are told (spec 1.13, 2.1)."""

from __future__ import annotations

from collections.abc import Mapping

from automation.envelope import Key, stable_id
from automation.items import effects
from automation.items.parts import Link
from automation.items.sizes import REQUEST_LIMIT, TURN_LIMIT, weight
from automation.items.state import ItemState
from automation.items.turn import Turn
from automation.values import Money, Value

TOLD = ("lead", "deal", "quote", "spa_item")
"""Types of items that payment facts matter to (spec 2.1, 2.2)."""
FIELD_PREFIX = "field."
"""How the fields of an invoice are named among the arguments of its payment fact."""


def on_stage_entered(turn: Turn) -> None:
    """Tell each item that the invoice is linked to when the invoice becomes Paid."""
    state = turn.state
    if state.item_type != "invoice" or state.quiet or not state.exists or state.stage != paid_stage(turn):
        return
    linked = dict.fromkeys((link.item_type, link.item_id) for link in state.links if _is_told(link))
    fact = _fact(state, min(REQUEST_LIMIT, TURN_LIMIT // 2 // len(linked)) // 2) if linked else {}
    for item_type, item_id in linked:
        target = Key(state.tenant, item_type, item_id).text
        effect_id = stable_id("fact", "invoice_paid", turn.key_text, state.entry, target)
        turn.emit(effects.ItemAsked(effect_id, "", target, "invoice_paid", fact))


def _is_told(link: Link) -> bool:
    """Say whether a linked item may have the trigger, by whatever relation it is linked (spec 2.1)."""
    return link.item_type.partition(".")[0] in TOLD


def _fact(state: ItemState, room: int) -> Mapping[str, Value]:
    """Return the fact with the invoice's fields; where all of them are too much, each has an equal share of `room`."""
    amount, fields = state.fields.get("amount"), state.fields
    if weight(fields) > room:
        fields = {code: value for code, value in fields.items() if weight(value) <= room // len(fields)}
    own: dict[str, Value] = {f"{FIELD_PREFIX}{code}": value for code, value in fields.items()}
    return {**own, "invoice_id": state.item_id, "amount": amount if isinstance(amount, Money) else None}


def paid_stage(turn: Turn) -> str:
    """Return the id of the invoice pipeline's Paid stage; empty if it has none."""
    pipeline = turn.view.pipelines.get((turn.state.item_type, turn.state.pipeline))
    return next((s.id for s in pipeline.stages if s.kind == "final_success"), "") if pipeline else ""


def is_covered(state: ItemState) -> bool:
    """Say whether the invoice's own paid payment documents cover its amount."""
    amount = state.fields.get("amount")
    if not isinstance(amount, Money):
        return False
    own = [p.amount for p in state.payments.values() if p.status == "paid" and not p.order_id]
    paid = sum(money.minor for money in own if money.currency == amount.currency)
    return bool(own) and paid >= amount.minor
